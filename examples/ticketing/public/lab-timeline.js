import { arrows, marks } from './lab-marks.js'
import { AXIS_PX, LANE_PX, scaleOf, TRACK_PX, TRACK_TOP } from './lab-scale.js'
import { svg } from './lab-svg.js'

/** @typedef {import('./lab-model.js').Model} Model */
/** @typedef {import('./lab-model.js').Span} Span */
/** @typedef {import('./lab-scale.js').Scale} Scale */

const STATES = /** @type {Record<string, string>} */ ({
  frozen: 'frozen',
  dead: 'dead',
  'cut-off': 'cut off',
  'clock-ahead': 'clock + 1 min',
})

/**
 * Draws the lanes anew, as they are at this moment.
 *
 * @param {HTMLElement} parent
 * @param {readonly { name: string, title: string, hint: string }[]} lanes
 * @param {Model} model
 * @param {number} nowMs
 */
export function drawTimeline(parent, lanes, model, nowMs) {
  const width = Math.max(280, parent.clientWidth)
  const height = lanes.length * LANE_PX + AXIS_PX
  const scale = scaleOf(width, model.verdict?.at ?? nowMs, model.verdict !== undefined)
  const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' })
  drawing.append(patterns(), ...axis(scale, height))
  lanes.forEach((lane, index) => {
    const group = svg('g', { transform: `translate(0 ${index * LANE_PX})`, 'data-lane': lane.name })
    group.append(...laneParts(lane, model, scale))
    drawing.append(group)
  })
  const names = lanes.map(({ name }) => name)
  drawing.append(...arrows(model.writes, names, scale))
  const now = scale.x(scale.nowMs)
  if (model.run && !model.verdict)
    drawing.append(svg('line', { class: 'now', x1: now, x2: now, y1: 0, y2: height - AXIS_PX }))
  parent.replaceChildren(drawing)
}

/**
 * @param {Scale} scale
 * @param {number} height
 */
function axis({ fromMs, toMs, width, x }, height) {
  const everyMs = (toMs - fromMs) / width > 26 ? 2000 : 1000
  const seconds = []
  for (let ms = Math.ceil(fromMs / everyMs) * everyMs; ms < toMs; ms += everyMs) seconds.push(ms)
  return seconds.flatMap((ms) => [
    svg('line', { class: 'second', x1: x(ms), x2: x(ms), y1: TRACK_TOP, y2: height - AXIS_PX }),
    svg('text', { class: 'second-label', x: x(ms) + (ms === 0 ? 0 : -6), y: height - 6 }, `${ms / 1000} s`),
  ])
}

/**
 * @param {{ name: string, title: string, hint: string }} lane
 * @param {Model} model
 * @param {Scale} scale
 */
function laneParts({ name, title, hint }, model, scale) {
  const spans = model.spans.filter((span) => span.lane === name)
  const notes = model.notes.map((note, index) => ({ ...note, number: index + 1 })).filter((note) => note.lane === name)
  return [
    svg(
      'text',
      { class: 'lane-title', x: 0, y: 15, 'data-node': name },
      title,
      svg('tspan', { class: 'lane-hint', dx: 8 }, hint),
    ),
    svg('rect', { class: 'track', x: 0, y: TRACK_TOP, width: scale.width, height: TRACK_PX, rx: 6 }),
    ...['state', 'fence', 'sold', 'hold', 'validity'].flatMap((kind) =>
      spans.filter((span) => span.kind === kind).flatMap((span) => spanParts(span, scale)),
    ),
    ...marks(notes, scale),
  ]
}

/**
 * A bar for what was; a paler one for what is still to come, if nothing happens.
 *
 * @param {Span} span
 * @param {Scale} scale
 */
function spanParts(span, scale) {
  const endMs = Math.min(
    span.to ?? Number.POSITIVE_INFINITY,
    span.until ?? Number.POSITIVE_INFINITY,
    lastMs(span, scale),
  )
  if (endMs < scale.fromMs) return []
  const [left, right] = [scale.x(span.from), scale.x(endMs)]
  const [y, height] = placeOf(span.kind)
  const look = { class: `bar ${span.kind}`, 'data-node': span.node, 'data-look': span.look, y, height, rx: 4 }
  const parts = [svg('rect', { ...look, x: left, width: Math.max(3, right - left) })]
  if (span.to === undefined && span.until !== undefined && span.until > endMs) {
    parts.push(svg('rect', { ...look, class: `${look.class} to-come`, x: right, width: scale.x(span.until) - right }))
  }
  const text = labelOf(span)
  if (right - left > text.length * 6.4 + 14) parts.push(label(span, text, left, right, y + height / 2 + 4))
  return parts
}

/**
 * What befell a server is named at its end: a lease may cover its beginning.
 *
 * @param {Span} span
 * @param {string} text
 * @param {number} left
 * @param {number} right
 * @param {number} y
 */
function label({ kind, look }, text, left, right, y) {
  const x = kind === 'state' ? right - 6 : left + (kind === 'sold' ? 13 : 6)
  return svg('text', { class: `bar-label ${kind}`, 'data-look': look, x, y }, text)
}

/**
 * What stands in the row when all is over stays there.
 *
 * @param {Span} span
 * @param {Scale} scale
 */
const lastMs = ({ kind }, { isOver, toMs, nowMs }) => (isOver && (kind === 'sold' || kind === 'fence') ? toMs : nowMs)

/**
 * @param {Span['kind']} kind
 * @returns {[y: number, height: number]}
 */
function placeOf(kind) {
  if (kind === 'state') return [TRACK_TOP, TRACK_PX]
  if (kind === 'fence') return [TRACK_TOP, TRACK_PX]
  return [TRACK_TOP + 4, TRACK_PX - 8]
}

/** @param {Span} span */
function labelOf({ kind, look, node }) {
  if (kind === 'state') return STATES[look] ?? look
  if (kind === 'sold') return look === '1' ? `sold by ${node}` : `sold ${look === '2' ? 'twice' : `${look} times`}`
  const token = look.length > 6 ? `…${look.slice(-5)}` : look
  if (kind === 'fence') return `fence ${token}`
  return kind === 'hold' ? `${node}, token ${token}` : `token ${token}`
}

/** What befell a server is hatched, so that colour is not all that tells. */
function patterns() {
  const hatch = (/** @type {string} */ id) =>
    svg(
      'pattern',
      { id: `hatch-${id}`, width: 8, height: 8, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('rect', { class: `hatch ${id}`, width: 8, height: 8 }),
      svg('line', { class: `hatch ${id}`, x1: 0, x2: 0, y1: 0, y2: 8 }),
    )
  return svg('defs', {}, ...Object.keys(STATES).map(hatch))
}
