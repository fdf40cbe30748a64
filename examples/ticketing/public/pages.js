import { byId, element } from './element.js'
import { money, nameOf, plan, seatOf } from './plan.js'

/** @typedef {import('./box-office.js').Hold} Hold */

/**
 * How a booking ended: the tickets, or the plain reason why there are none.
 *
 * @param {Hold} hold
 * @param {() => void} onStartOver
 */
export function showPage(hold, onStartOver) {
  const panel = byId('checkout')
  const again = element(
    'button',
    { type: 'button', class: 'primary', onclick: onStartOver },
    hold.state === 'sold' ? 'Book more seats' : 'Choose again',
  )
  const title = element('h2', { tabindex: '-1' }, hold.state === 'sold' ? 'Enjoy the show' : titleOf(hold))
  panel.dataset['step'] = hold.state
  panel.replaceChildren(...(hold.state === 'sold' ? tickets(hold, title) : regrets(hold, title)), again)
  title.focus()
}

/**
 * @param {Hold} hold
 * @param {HTMLElement} title
 */
function tickets(hold, title) {
  const stubs = hold.seats.map((id) => {
    const seat = seatOf(id)
    return element(
      'li',
      { class: 'ticket', 'data-tier': seat.tier },
      element('span', { class: 'ticket-seat', 'aria-hidden': 'true' }, id),
      element(
        'span',
        {},
        element('strong', {}, plan.show),
        element('small', {}, `${nameOf(seat)}, ${seat.section}`),
        element('small', {}, plan.when),
      ),
      element('span', { class: 'price' }, money(seat.priceCents)),
    )
  })
  return [
    mark('sold', '✓'),
    title,
    element('p', { class: 'soft' }, `${hold.buyer}, these seats are yours. Order ${hold.id.slice(0, 8)}.`),
    element('ul', { class: 'tickets' }, ...stubs),
  ]
}

/**
 * @param {Hold} hold
 * @param {HTMLElement} title
 */
function regrets(hold, title) {
  const seats = hold.seats.map((seat) => nameOf(seatOf(seat))).join('; ')
  return [
    mark('ended', '!'),
    title,
    element('p', {}, reasonOf(hold)),
    element('p', { class: 'soft' }, seats),
    moneyBack(hold),
  ]
}

/** @param {Hold} hold */
export function titleOf({ endedBecause }) {
  if (endedBecause === 'taken') return 'Somebody was faster'
  if (endedBecause === 'given-up') return 'You gave the seats back'
  if (endedBecause === 'declined') return 'Payment failed too often'
  if (endedBecause === 'forced') return 'The box office took the seats back'
  return 'Your hold ran out'
}

/** @param {Hold} hold */
function reasonOf({ endedBecause, refusedWrite, endNote }) {
  if (endedBecause === 'forced') return `The reason given: ${endNote}`
  if (refusedWrite === 'stale') {
    return 'Your checkout stood still for longer than the hold lasted, and the seats went back on sale. When it went on, its sale came with an outdated fencing token, and the database refused it. That is how no seat is sold twice.'
  }
  if (endedBecause === 'taken') return 'Another customer bought one of these seats before your order was complete.'
  if (endedBecause === 'given-up') return 'They are on sale again.'
  if (endedBecause === 'declined') return 'The seats are on sale again. You are welcome to try with another card.'
  return 'Your order was not complete when the time was up, so the seats are on sale again. A late order is refused: the seats may be somebody else’s by now.'
}

/** @param {Hold} hold */
export function moneyBack({ payment, amountCents, cardEnding }) {
  if (payment === null) return element('p', { class: 'refund' }, 'No money was taken.')
  const fate = payment === 'refunded' ? 'was refunded to' : 'is on its way back to'
  return element(
    'p',
    { class: 'refund', 'data-payment': payment },
    `${money(amountCents)} ${fate} the card ending ${cardEnding}.`,
  )
}

/**
 * @param {string} kind
 * @param {string} sign
 */
const mark = (kind, sign) => element('span', { class: `mark ${kind}`, 'aria-hidden': 'true' }, sign)
