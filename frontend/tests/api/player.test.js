import { beforeEach, expect, test, vi } from 'vitest'
import { close, isPlayingList, next, play, playAll, player, previous, seek, sound } from '../../src/api/player.js'

// What the page gives the player, without a browser.
class FakeAudio extends EventTarget {
  #address = null
  currentTime = 0
  duration = 20
  set src(address) {
    this.#address = address
    this.currentTime = 0
  }
  getAttribute = () => this.#address
  removeAttribute = () => (this.#address = null)
  async play() {
    this.dispatchEvent(new Event('play'))
    this.dispatchEvent(new Event('durationchange'))
  }
  pause() {
    this.dispatchEvent(new Event('pause'))
  }
  reach(seconds) {
    this.currentTime = seconds
    this.dispatchEvent(new Event('timeupdate'))
  }
}

const OWN = ['one', 'two', 'three'].map((id) => ({ id, title: id, artists: [], audio_url: `/api/audio/${id}` }))
const SILENT = { id: null, title: 'a name alone', artists: [] }
let audio
let keys
beforeEach(() => {
  keys = {}
  vi.stubGlobal('navigator', { mediaSession: { setActionHandler: (key, act) => (keys[key] = act) } })
  vi.stubGlobal(
    'MediaMetadata',
    class {
      constructor(said) {
        Object.assign(this, said)
      }
    },
  )
  audio = new FakeAudio()
  sound(audio)
  close()
})

test('a track of a list is played on by those after it, as they are listed', async () => {
  await play(OWN[1], [OWN[0], SILENT, OWN[1], OWN[2]], 'a list')
  expect([player.track, player.count, player.left]).toEqual([OWN[1], 3, 1])
  expect(isPlayingList('a list')).toBe(true)
  audio.dispatchEvent(new Event('ended'))
  await Promise.resolve()
  expect([player.track, player.left]).toEqual([OWN[2], 0])
})

test('a track without a list has nothing after it', async () => {
  await playAll(OWN, 'a list')
  await play(OWN[2])
  expect([player.track, player.list, player.count, player.left]).toEqual([OWN[2], null, 0, 0])
  await next()
  expect(player.track).toEqual(OWN[2])
})

test('back goes to the beginning of the track, and from there to the one before', async () => {
  await playAll(OWN, 'a list')
  await next()
  audio.reach(12)
  await previous()
  expect([player.track, audio.currentTime]).toEqual([OWN[1], 0])
  audio.reach(1)
  await previous()
  expect([player.track, player.left]).toEqual([OWN[0], 2])
  await previous()
  expect([player.track, audio.currentTime]).toEqual([OWN[0], 0])
})

test('a place beyond either end is that end', async () => {
  await play(OWN[0])
  seek(99)
  expect(audio.currentTime).toBe(20)
  seek(-5)
  expect(audio.currentTime).toBe(0)
})

test('the keys of a keyboard or a headset go through the list, and the system shows the track', async () => {
  await playAll(OWN, 'a list')
  expect(navigator.mediaSession.metadata).toMatchObject({ title: 'one' })
  await keys.nexttrack()
  expect(player.track).toEqual(OWN[1])
  keys.pause()
  expect(player.playing).toBe(false)
  close()
  await Promise.resolve()
  expect(navigator.mediaSession.metadata).toBe(null)
})
