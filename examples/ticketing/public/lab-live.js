import { showLive } from './live-sign.js'

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
    showLive('connecting', 'Starting three servers…')
  })
  source.addEventListener('bench', (event) => {
    showLive('live')
    onBench(JSON.parse(event.data))
  })
  source.addEventListener('facts', (event) => onFacts(JSON.parse(event.data)))
  source.addEventListener('error', () => {
    showLive('connecting')
    // The browser comes back by itself, except after an answer that it does not like.
    if (source.readyState !== EventSource.CLOSED) return
    if (isThere) location.reload()
    else onNoLab()
  })
}
