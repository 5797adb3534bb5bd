import { expect, test } from 'vitest'
import ArtistRow from '../../src/components/picks/ArtistRow.vue'
import GenreCard from '../../src/components/track/GenreCard.vue'
import NearMap from '../../src/components/picks/NearMap.vue'
import { render, textOf } from '../render.js'

const artist = (name, similarity) => ({ name, similarity, genres: [], reasons: ['shares pop', 'same playlists'] })

test('similar artists stand in the order of their number, each opens its page and says why', async () => {
  const html = await render(ArtistRow, {
    artists: [artist('Sade', 0.611), artist('Nas', 0.704), artist('Dido', 0.612)],
  })
  const why = 'shares pop, same playlists'
  expect(textOf(html)).toBe(`Similar artists closeness 70 Nas ${why} closeness 61 Sade ${why} closeness 61 Dido ${why}`)
  expect(html).toContain('<a href="/track?q=Nas">')
})

const pick = (name, score, differences) => ({ id: name, title: name, artists: [name], score, differences })
const apart = (energy, valence) => [
  { feature: 'energy', seed: 0.5, other: 0.5 + energy, difference: energy },
  { feature: 'valence', seed: 0.5, other: 0.5 + valence, difference: valence },
]

test('on the small map no name is written over the name of an axis', async () => {
  const nearest = pick('Near', 0.9, apart(-1, -1))
  const picks = [nearest, pick('Iron Maiden', 0.5, apart(1, 0)), pick('Motörhead', 0.5, apart(0, 1))]
  const html = await render(NearMap, { picks, title: 'Seed' })
  const written = [...html.matchAll(/<text class="tm-nearmap-(\w+)" x="([-.\d]+)" y="([-.\d]+)"/g)].map(
    ([, kind, x, y]) => ({ kind, x: Number(x), y: Number(y) }),
  )
  const names = written.filter(({ kind }) => kind === 'name')
  expect(names.map(({ x, y }) => Math.abs(y - 103) < 8 && x > 150)).toEqual([false, false, false])
  expect(names.map(({ x, y }) => y < 7 && x > 60 && x < 115)).toEqual([false, false, false])
})

test('a doubtful genre says once that it is not sure, a likely one how sure', async () => {
  const known = { track: [], artist: [], source: null }
  const answer = {
    genre: 'chill',
    probability: 0.04,
    confidence: 'low',
    genres: [],
    families: [],
    basis: [],
    broad: [],
  }
  const families = [{ family: 'ambient & calm', by: 'model', source: null }]
  const more = { in_families: families, known_genres: known, microgenres: [], reason: 'From the names alone.' }
  const shown = async (given) => textOf(await render(GenreCard, { answer: { ...answer, ...more, ...given } }))
  expect(await shown({})).toMatch(/^Genre not sure, perhaps chill 4 % From the names alone\./)
  expect(await shown({ confidence: 'medium', probability: 0.5 })).toMatch(/^Genre chill likely, 50 % From/)
})
