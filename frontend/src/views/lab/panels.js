// The panels of the Lab, in the order of their tabs. Each is loaded when it is first opened. `purpose` says in a line
// what it is for, `needs` what must have been brought in.
import { defineAsyncComponent } from 'vue'

const panel = (id, label, purpose, needs, load) => ({
  id,
  label,
  purpose,
  needs,
  component: defineAsyncComponent(load),
})

export const GROUPS = [
  {
    title: 'With your playlists',
    about: 'Bring one in, and start here.',
    panels: [
      panel(
        'next',
        'Next',
        'Tracks that may come next in a playlist, each with the reason.',
        'a playlist',
        () => import('./NextPanel.vue'),
      ),
      panel(
        'blend',
        'Blend',
        'One list for several people, fair to each of them.',
        'a playlist of several people, or several playlists',
        () => import('./BlendPanel.vue'),
      ),
      panel(
        'triage',
        'Sort songs',
        'Liked songs into your own playlists, one key for each.',
        'liked songs, a history or any list, and playlists to fill',
        () => import('./TriagePanel.vue'),
      ),
      panel(
        'who-added',
        'Who added it?',
        'Who of a shared playlist would have added a track.',
        'a playlist that two people or more added to',
        () => import('./WhoAddedPanel.vue'),
      ),
      panel(
        'maps',
        'Maps',
        'A playlist or the whole catalogue as one picture: what sounds alike lies together.',
        'a playlist or a catalogue',
        () => import('./MapsPanel.vue'),
      ),
    ],
  },
  {
    title: 'Genres and sound',
    about: 'What the answers about a track rest on.',
    panels: [
      panel(
        'genres',
        'Genres',
        'Where the name of any genre belongs, among the genres in their families.',
        '',
        () => import('./GenresPanel.vue'),
      ),
      panel(
        'clusters',
        'Clusters',
        'Groups of tracks found by sound alone, and which genres fill them.',
        'a catalogue, to find your tracks in them',
        () => import('./ClustersPanel.vue'),
      ),
      panel(
        'families',
        'Families',
        'One track that goes with yours for each family of genres, and how the audio features spread.',
        'a catalogue',
        () => import('./FamiliesPanel.vue'),
      ),
      panel(
        'timbre',
        'Timbre',
        'Tracks with the same colour of sound, moment by moment.',
        'audio analysis files',
        () => import('./TimbrePanel.vue'),
      ),
    ],
  },
  {
    title: 'Behind it all',
    about: 'What was learnt, from what, and how well.',
    panels: [
      panel(
        'models',
        'Models',
        'Every model with its versions, scores and card; train one on your collection, or go back.',
        '',
        () => import('./ModelsPanel.vue'),
      ),
    ],
  },
]
export const PANELS = GROUPS.flatMap(({ panels }) => panels)
