import { byId } from './element.js'

/** @typedef {Record<string, 'free' | 'held' | 'sold'>} SeatStates */

// The server sends something at least every ten seconds. A line that is silent for longer is dead, whatever the browser thinks.
const SILENCE_MS = 25_000

/**
 * Follows the seat map for as long as the page lives. Each connection begins with every seat, so nothing is missed.
 *
 * @param {(states: SeatStates) => void} onStates
 */
export function followSeats(onStates) {
  const source = new EventSource('/api/live')
  let silence = setTimeout(again, SILENCE_MS)

  function again() {
    show('connecting')
    source.close()
    followSeats(onStates)
  }

  function heard() {
    clearTimeout(silence)
    silence = setTimeout(again, SILENCE_MS)
    show('live')
  }

  source.addEventListener('open', heard)
  source.addEventListener('heartbeat', heard)
  source.addEventListener('seats', (event) => {
    heard()
    onStates(JSON.parse(event.data))
  })
  source.addEventListener('error', () => {
    show('connecting')
    // The browser comes back by itself, except after an answer that it does not like.
    if (source.readyState !== EventSource.CLOSED) return
    clearTimeout(silence)
    silence = setTimeout(again, 1000)
  })
}

/** @param {'live' | 'connecting'} state */
function show(state) {
  byId('live').dataset['state'] = state
  byId('live-text').textContent = state === 'live' ? 'Live' : 'Reconnecting…'
}
