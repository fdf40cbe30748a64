export const LANE_PX = 66
export const TRACK_TOP = 22
export const TRACK_PX = 26
export const AXIS_PX = 22
/** What is seen at least, while it runs and when it is over; and at most. */
const SHORTEST_MS = 6000
const SHORTEST_OVER_MS = 2500
const LONGEST_MS = 24_000
const ROOM_MS = 400

/**
 * Where a moment stands.
 *
 * @typedef {object} Scale
 * @property {number} fromMs
 * @property {number} toMs
 * @property {number} nowMs
 * @property {number} width
 * @property {boolean} isOver
 * @property {(ms: number) => number} x
 */

/**
 * @param {number} width
 * @param {number} nowMs
 * @param {boolean} isOver
 * @returns {Scale}
 */
export function scaleOf(width, nowMs, isOver) {
  const fromMs = Math.max(0, nowMs + ROOM_MS - LONGEST_MS)
  const toMs = Math.max(fromMs + (isOver ? SHORTEST_OVER_MS : SHORTEST_MS), nowMs + ROOM_MS)
  return {
    fromMs,
    toMs,
    nowMs,
    width,
    isOver,
    x: (ms) => ((Math.min(Math.max(ms, fromMs), toMs) - fromMs) / (toMs - fromMs)) * width,
  }
}
