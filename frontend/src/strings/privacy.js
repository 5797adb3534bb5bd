export const PRIVACY = {
  heading: 'What is kept, and who sees it',
  kept: [
    'Playlists that you import are stored on this server. They and their tracks are found in this browser only, until you share them.',
    'The address of a playlist is its key: whoever has it sees the playlist.',
    'Nothing is sent anywhere until you allow an online service; each says what it is sent.',
    'Covers come through this server, so no service learns who looks. Previews play from their own servers, when you press play.',
    'Of your internet address a hash is kept for at most eight weeks after your last import, so that nobody can take all the room.',
    'The colours, the weights and what you put off are kept in this browser.',
  ],
  services: 'See what each service is sent',
  heading2: 'Delete everything',
  about:
    'Deletes every playlist that this browser imported with its tracks, what was learnt from them, your decisions, the ' +
    'runs, “never again”, and the login to Spotify. What was given to everybody here stays. It cannot be undone.',
  ask: 'Delete everything…',
  really: 'Delete it all now',
  done: (count) =>
    `Everything is deleted: ${count} ${count === 1 ? 'playlist' : 'playlists'} and what belonged to them.`,
}
