import { LANE_PX, TRACK_PX, TRACK_TOP } from './lab-scale.js'
import { svg } from './lab-svg.js'

/** @typedef {import('./lab-model.js').Note} Note */
/** @typedef {import('./lab-model.js').Write} Write */
/** @typedef {import('./lab-scale.js').Scale} Scale */

const MARK_PX = 17

/**
 * @param {readonly (Note & { number: number })[]} notes
 * @param {Scale} scale
 */
export function marks(notes, scale) {
  let leftmost = MARK_PX / 2
  return notes
    .filter((note) => note.at >= scale.fromMs)
    .map((note) => {
      const at = scale.x(note.at)
      const x = Math.min(Math.max(at, leftmost), scale.width - MARK_PX / 2)
      leftmost = x + MARK_PX
      const y = TRACK_TOP + TRACK_PX
      return svg(
        'g',
        { class: 'mark', 'data-note': `note-${note.number}`, 'data-tone': note.tone },
        svg('title', {}, note.text),
        svg('path', { d: `M${at} ${y - 3}V${y + 2}L${x} ${y + 5}` }),
        svg('circle', { cx: x, cy: y + 10, r: 7.5 }),
        svg('text', { x, y: y + 13.2 }, String(note.number)),
      )
    })
}

/**
 * @param {readonly Write[]} writes
 * @param {string[]} lanes
 * @param {Scale} scale
 */
export function arrows(writes, lanes, scale) {
  let leftmost = 0
  return writes
    .filter(({ at, node }) => at >= scale.fromMs && lanes.includes(node))
    .flatMap((write) => {
      const x = Math.min(Math.max(scale.x(write.at), leftmost), scale.width - 9)
      leftmost = x + MARK_PX
      return arrow({ ...write, x }, lanes)
    })
}

/**
 * A write on its way from a server to the row, and what became of it there.
 *
 * @param {Write & { x: number }} write
 * @param {string[]} lanes
 */
function arrow({ x, node, outcome }, lanes) {
  const middle = (/** @type {string} */ lane) => lanes.indexOf(lane) * LANE_PX + TRACK_TOP + TRACK_PX / 2
  const end = middle('row') - (outcome === 'refused' ? TRACK_PX / 2 + 9 : 0)
  return [
    svg('line', { class: 'write', 'data-outcome': outcome, x1: x, x2: x, y1: middle(node), y2: end }),
    svg('circle', { class: 'write', 'data-outcome': outcome, cx: x, cy: middle(node), r: 3.5 }),
    svg('circle', { class: 'write', 'data-outcome': outcome, cx: x, cy: end, r: 8 }),
    svg(
      'text',
      { class: 'write', 'data-outcome': outcome, x, y: end + 4 },
      outcome === 'sold' ? '✓' : outcome === 'again' ? '!' : '✕',
    ),
  ]
}
