import { byId } from './element.js'

/** @typedef {Record<string, 'free' | 'held' | 'sold'>} SeatStates */

// The server sends something at least every ten seconds. A line that is silent for longer is dead, whatever the browser thinks.
const SILENCE_MS = 25_000
const RETRY_MS = 1000

/**
 * Follows the seat map while somebody looks at it. Each connection begins with every seat, so nothing is missed in between. A hidden
 * tab hangs up: browsers allow six connections to one host, and a seventh tab would get no answer at all.
 *
 * @param {(states: SeatStates) => void} onStates
 */
export function followSeats(onStates) {
  /** @type {EventSource | undefined} */
  let source
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence

  function hangUp() {
    clearTimeout(silence)
    source?.close()
    show('connecting')
  }

  function call() {
    hangUp()
    source = new EventSource('/api/live')
    source.addEventListener('open', heard)
    source.addEventListener('heartbeat', heard)
    source.addEventListener('error', cutOff)
    source.addEventListener('node', (event) => {
      show('live', JSON.parse(event.data).node)
    })
    source.addEventListener('seats', (event) => {
      heard()
      onStates(JSON.parse(event.data))
    })
    callAgainIn(SILENCE_MS)
  }

  function heard() {
    if (byId('live').dataset['state'] !== 'live') show('live')
    callAgainIn(SILENCE_MS)
  }

  /** The browser comes back by itself, except after an answer that it does not like. */
  function cutOff() {
    show('connecting')
    if (source?.readyState === EventSource.CLOSED) callAgainIn(RETRY_MS)
  }

  /** @param {number} ms */
  function callAgainIn(ms) {
    clearTimeout(silence)
    silence = setTimeout(call, ms)
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? hangUp() : call()))
  call()
}

/**
 * @param {'live' | 'connecting'} state
 * @param {string} [node] the server that tells
 */
function show(state, node) {
  byId('live').dataset['state'] = state
  byId('live-text').textContent =
    state === 'connecting' ? 'Connecting…' : node === undefined ? 'Live' : `Live · ${node}`
}
