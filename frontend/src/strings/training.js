// Beside every button that trains outside the list of models.
export const UNCHANGED = 'It is scored beside what is served, which changes only when you say so.'
