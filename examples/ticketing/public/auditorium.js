import { element } from './element.js'
import { bounds, rowLabels, seatPlaces, sections, stage } from './geometry.js'
import { money, nameOf, plan, seats } from './plan.js'

/** @typedef {'free' | 'held' | 'sold' | 'chosen' | 'own'} Look */

const SVG = 'http://www.w3.org/2000/svg'

/** @type {Record<Look, string>} */
const WORDS = {
  free: 'free',
  held: 'held by somebody else',
  sold: 'sold',
  chosen: 'chosen by you',
  own: 'held for you',
}

const NAMES = new Map(seats.map((seat) => [seat.id, `${nameOf(seat)}, ${seat.tierName}, ${money(seat.priceCents)}`]))

/** @type {Map<string, HTMLButtonElement>} */
const buttons = new Map()

/**
 * Draws the hall, once.
 *
 * @param {HTMLElement} parent
 * @param {(seat: string) => void} onSeat
 */
export function drawAuditorium(parent, onSeat) {
  parent.style.setProperty('--columns', String(bounds.width))
  parent.style.setProperty('--ratio', String(bounds.width / bounds.height))
  parent.append(floor(), ...labels(), ...plan.rows.map(({ row, section }) => drawRow(row, section, onSeat)))
}

/**
 * @param {string} seat
 * @param {Look} look
 */
export function showSeat(seat, look) {
  const button = buttons.get(seat)
  if (button === undefined || button.dataset['look'] === look) return
  button.dataset['look'] = look
  button.setAttribute('aria-pressed', String(look === 'chosen' || look === 'own'))
  button.setAttribute('aria-disabled', String(look === 'sold' || look === 'own'))
  // The only name it has: one more would be read out, too.
  button.title = `${NAMES.get(seat)}, ${WORDS[look]}`
}

/** Whoever hears the hall need not walk along a row to learn that it is full. */
export function countFree() {
  for (const row of document.querySelectorAll('.auditorium .row')) {
    const free = row.querySelectorAll('[data-look="free"]').length
    row.setAttribute('aria-label', `${row.getAttribute('data-name')}, ${free} of ${row.children.length} free`)
  }
}

/** @param {string} seat */
export const buttonOf = (seat) => buttons.get(seat)

/**
 * @param {string} row
 * @param {string} section
 * @param {(seat: string) => void} onSeat
 */
function drawRow(row, section, onSeat) {
  const own = seats.filter((seat) => seat.row === row)
  return element(
    'div',
    { role: 'group', class: 'row', 'data-name': `${section}, row ${row}` },
    ...own.map((seat) => {
      const button = element('button', {
        type: 'button',
        class: 'seat',
        'data-seat': seat.id,
        'data-tier': seat.tier,
        tabindex: '-1',
        onclick: () => onSeat(seat.id),
      })
      buttons.set(seat.id, button)
      stand(button, seatPlaces.get(seat.id))
      showSeat(seat.id, 'free')
      return button
    }),
  )
}

function labels() {
  const made = [
    ...rowLabels.map(({ row, ...place }) => ({ text: row, kind: 'row-label', place })),
    ...sections.map(({ name, label }) => ({ text: name, kind: 'section-label', place: label })),
    { text: 'Stage', kind: 'stage-label', place: stage.label },
  ]
  return made.map(({ text, kind, place }) => {
    const label = element('span', { class: kind, 'aria-hidden': 'true' }, text)
    stand(label, place)
    return label
  })
}

/**
 * @param {HTMLElement} thing
 * @param {import('./geometry.js').Place | undefined} place
 */
function stand(thing, place) {
  if (place === undefined) return
  thing.style.left = `${((place.x - bounds.left) / bounds.width) * 100}%`
  thing.style.top = `${((place.y - bounds.top) / bounds.height) * 100}%`
  thing.style.rotate = `${place.degrees.toFixed(2)}deg`
}

/** Stage and floors, behind the seats. */
function floor() {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', `${bounds.left} ${bounds.top} ${bounds.width} ${bounds.height}`)
  svg.setAttribute('aria-hidden', 'true')
  for (const [kind, outline] of [['stage', stage.outline], ...sections.map(({ floor }) => ['floor', floor])]) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('class', String(kind))
    path.setAttribute('d', String(outline))
    svg.append(path)
  }
  return svg
}
