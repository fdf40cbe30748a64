import { isShownLive, showLive } from './live-sign.js'

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
  let node = ''

  function hangUp() {
    clearTimeout(silence)
    source?.close()
    showLive('connecting')
  }

  function call() {
    hangUp()
    source = new EventSource('/api/live')
    source.addEventListener('heartbeat', heard)
    source.addEventListener('error', cutOff)
    source.addEventListener('node', (event) => {
      node = JSON.parse(event.data).node
    })
    source.addEventListener('seats', (event) => {
      heard()
      onStates(JSON.parse(event.data))
    })
    callAgainIn(SILENCE_MS)
  }

  function heard() {
    if (!isShownLive()) showLive('live', `Live · ${node}`)
    callAgainIn(SILENCE_MS)
  }

  /** The browser comes back by itself, except after an answer that it does not like. */
  function cutOff() {
    showLive('connecting')
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
