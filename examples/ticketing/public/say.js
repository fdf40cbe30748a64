import { byId, element } from './element.js'

/**
 * Tells those who listen. The same words again are news, too: hence a new element.
 *
 * @param {string} text nothing, and what was told is taken back
 */
export function say(text) {
  byId('said').replaceChildren(...(text === '' ? [] : [element('span', {}, text)]))
}
