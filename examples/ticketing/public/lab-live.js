import { byId } from './element.js'

/**
 * Follows the lab. Each connection begins with the whole present run.
 *
 * @param {(bench: import('./lab-model.js').Bench) => void} onBench
 * @param {(facts: import('./lab-model.js').Fact[]) => void} onFacts
 * @param {() => void} onNoLab there is none in this demo
 */
export function followLab(onBench, onFacts, onNoLab) {
  const source = new EventSource('/api/lab/live')
  let isThere = false
  source.addEventListener('opening', () => {
    isThere = true
    show('connecting', 'Starting three servers…')
  })
  source.addEventListener('bench', (event) => {
    show('live', 'Live')
    onBench(JSON.parse(event.data))
  })
  source.addEventListener('facts', (event) => onFacts(JSON.parse(event.data)))
  source.addEventListener('error', () => {
    show('connecting', 'Connecting…')
    // The browser comes back by itself, except after an answer that it does not like.
    if (source.readyState !== EventSource.CLOSED) return
    if (isThere) location.reload()
    else onNoLab()
  })
}

/**
 * @param {'live' | 'connecting'} state
 * @param {string} text
 */
function show(state, text) {
  byId('live').dataset['state'] = state
  byId('live-text').textContent = text
}
