import { buttonOf } from './auditorium.js'
import { seatPlaces } from './geometry.js'
import { plan, seatOf, seats } from './plan.js'

/**
 * One seat is in the tab order; arrow keys go from there to its neighbours.
 *
 * @param {HTMLElement} auditorium
 */
export function listenToKeys(auditorium) {
  makeTabStop(seats[Math.floor(seats.length / 4)]?.id)
  auditorium.addEventListener('focusin', (event) => makeTabStop(seatUnder(event)))
  auditorium.addEventListener('keydown', (event) => {
    const from = seatUnder(event)
    const to = from && neighbour(from, event.key)
    if (to === undefined) return
    event.preventDefault()
    buttonOf(to)?.focus()
  })
}

/** @param {Event} event */
const seatUnder = ({ target }) => (target instanceof HTMLElement ? target.dataset['seat'] : undefined)

/** @type {string | undefined} */
let tabStop

/** @param {string | undefined} seat */
function makeTabStop(seat) {
  if (seat === undefined) return
  if (tabStop !== undefined) buttonOf(tabStop)?.setAttribute('tabindex', '-1')
  buttonOf(seat)?.setAttribute('tabindex', '0')
  tabStop = seat
}

/**
 * @param {string} from
 * @param {string} key
 */
function neighbour(from, key) {
  const { row, number } = seatOf(from)
  const own = inRow(row)
  if (key === 'ArrowLeft') return own[number - 2]?.id
  if (key === 'ArrowRight') return own[number]?.id
  if (key === 'Home') return own[0]?.id
  if (key === 'End') return own.at(-1)?.id
  if (key === 'ArrowUp') return nearest(from, rowBeside(row, -1))
  if (key === 'ArrowDown') return nearest(from, rowBeside(row, 1))
  return undefined
}

/** @param {string | undefined} row */
const inRow = (row) => seats.filter((seat) => seat.row === row)

/**
 * @param {string} row
 * @param {-1 | 1} step
 */
function rowBeside(row, step) {
  return plan.rows[plan.rows.findIndex((each) => each.row === row) + step]?.row
}

/**
 * @param {string} from
 * @param {string | undefined} row
 */
function nearest(from, row) {
  const x = seatPlaces.get(from)?.x ?? 0
  /** @param {{ id: string }} seat */
  const distance = ({ id }) => Math.abs((seatPlaces.get(id)?.x ?? 0) - x)
  return inRow(row).toSorted((a, b) => distance(a) - distance(b))[0]?.id
}
