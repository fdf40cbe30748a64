import { byId, element } from './element.js'

/** @typedef {import('./lab-model.js').Note} Note */

const LANES = /** @type {Record<string, string>} */ ({ lock: 'lock server', row: 'seat’s row' })

/** @type {object | undefined} the run whose notes are shown */
let shown

/**
 * What the marks in the timeline mean, in the order in which it was seen.
 *
 * @param {object | undefined} run
 * @param {readonly Note[]} notes
 */
export function showLog(run, notes) {
  const list = byId('log')
  if (run !== shown) list.replaceChildren()
  shown = run
  for (const [index, note] of notes.entries()) {
    if (list.children[index] === undefined) list.append(entry(note, index + 1))
  }
}

/**
 * @param {Note} note
 * @param {number} number
 */
function entry({ at, lane, tone, text }, number) {
  return element(
    'li',
    { id: `note-${number}`, 'data-tone': tone },
    element('span', { class: 'number' }, String(number)),
    element('span', { class: 'where', 'data-node': lane }, LANES[lane] ?? lane),
    element('span', { class: 'what' }, text),
    element('span', { class: 'when' }, `${(at / 1000).toFixed(1)} s`),
  )
}
