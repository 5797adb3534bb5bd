// Next to every button that trains, outside the list of models.
export const UNCHANGED = 'It is compared with the version in use, which changes only when you say so.'

export const TRAIN = {
  label: 'Train on my collection',
  needs: ({ least, found }) => `Needs ${least}. ${found}`,
  cancelled: 'Cancelled; nothing has changed.',
}
