import { byId } from './element.js'

/**
 * Tells everybody, those who listen included.
 *
 * @param {string} text
 */
export function say(text) {
  byId('said').textContent = text
}
