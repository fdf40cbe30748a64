import { plan } from './plan.js'

// The hall is a fan: rows are arcs around one point behind the stage. Lengths are in widths of a seat.

const FIRST_RADIUS = 15
const ROW_DEPTH = 1.14
const SECTION_GAP = 1.5
const AISLE = 0.85
const FLOOR_EDGE = 0.82
const WALL = 1.3
const STAGE = { near: FIRST_RADIUS - 1.9, far: FIRST_RADIUS - 4.3, halfAngle: 0.37 }

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {Point & { degrees: number }} Place where something stands and how it is turned towards the stage */

/**
 * @param {number} radius
 * @param {number} along distance from the middle of the row
 * @returns {Place}
 */
function place(radius, along) {
  const angle = along / radius
  return { x: radius * Math.sin(angle), y: radius * Math.cos(angle), degrees: (-angle * 180) / Math.PI }
}

const rows = plan.rows.map((row, index) => {
  const gaps = plan.rows
    .slice(1, index + 1)
    .filter((each, before) => each.section !== plan.rows[before]?.section).length
  const radius = FIRST_RADIUS + index * ROW_DEPTH + gaps * SECTION_GAP
  const width = row.blocks.reduce((sum, block) => sum + block.seats, 0) + (row.blocks.length - 1) * AISLE
  return { ...row, radius, halfWidth: width / 2 }
})

/** @type {Map<string, Place>} */
export const seatPlaces = new Map()
for (const { row, blocks, radius, halfWidth } of rows) {
  let along = -halfWidth + 0.5
  let number = 1
  for (const block of blocks) {
    for (let seat = 0; seat < block.seats; seat++) seatPlaces.set(`${row}${number++}`, place(radius, along++))
    along += AISLE
  }
}

export const rowLabels = rows.flatMap(({ row, radius, halfWidth }) =>
  [-1, 1].map((side) => ({ row, ...place(radius, side * (halfWidth + 0.62)) })),
)

/** @param {Point[]} points */
const outline = (points) => `M${points.map(({ x, y }) => `${x.toFixed(2)},${y.toFixed(2)}`).join('L')}Z`

/**
 * @param {number} radius
 * @param {number} halfWidth
 */
function arc(radius, halfWidth) {
  const steps = 24
  return Array.from({ length: steps + 1 }, (_, step) => place(radius, halfWidth * ((2 * step) / steps - 1)))
}

/**
 * Straight walls, just wide enough for every row of a section.
 *
 * @param {typeof rows} own
 * @param {typeof rows[0]} at
 */
function wallAt(own, at) {
  const first = own[0]?.halfWidth ?? 0
  const widest = Math.max(...own.map(({ halfWidth }) => halfWidth))
  /** @param {number} index */
  const line = (index) => first + ((widest - first) * index) / Math.max(1, own.length - 1)
  const poking = Math.max(...own.map(({ halfWidth }, index) => halfWidth - line(index)))
  return line(own.indexOf(at)) + poking
}

export const sections = [...new Set(rows.map(({ section }) => section))].map((name) => {
  const own = rows.filter(({ section }) => section === name)
  const first = /** @type {typeof rows[0]} */ (own[0])
  const last = /** @type {typeof rows[0]} */ (own.at(-1))
  const front = arc(first.radius - FLOOR_EDGE, wallAt(own, first) + WALL)
  const back = arc(last.radius + FLOOR_EDGE, wallAt(own, last) + WALL).reverse()
  const corners = [...front, ...back]
  return { name, label: place(first.radius - FLOOR_EDGE - 0.42, 0), corners, floor: outline(corners) }
})

export const stage = {
  outline: outline([
    ...arc(STAGE.near, STAGE.near * STAGE.halfAngle),
    ...arc(STAGE.far, STAGE.far * STAGE.halfAngle).reverse(),
  ]),
  label: place((STAGE.near + STAGE.far) / 2, 0),
}

const everywhere = [...sections.flatMap(({ corners }) => corners), ...arc(STAGE.far, STAGE.far * STAGE.halfAngle)]
const margin = 0.1
const GLOW = 1.2
const left = Math.min(...everywhere.map(({ x }) => x)) - margin
const top = Math.min(...everywhere.map(({ y }) => y)) - GLOW

/** The box around all of it. */
export const bounds = {
  left,
  top,
  width: Math.max(...everywhere.map(({ x }) => x)) + margin - left,
  height: Math.max(...everywhere.map(({ y }) => y)) + margin - top,
}
