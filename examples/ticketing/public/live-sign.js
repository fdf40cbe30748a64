import { byId } from './element.js'

/**
 * Whether the page is told what happens.
 *
 * @param {'live' | 'connecting'} state
 * @param {string} [text]
 */
export function showLive(state, text = state === 'live' ? 'Live' : 'Connecting…') {
  byId('live').dataset['state'] = state
  byId('live-text').textContent = text
}

export const isShownLive = () => byId('live').dataset['state'] === 'live'
