import * as boxOffice from './box-office.js'
import { clockText } from './countdown.js'
import { byId, element } from './element.js'
import { moneyBack, titleOf } from './pages.js'
import { money, nameOf, plan, seatOf } from './plan.js'
import { renew } from './renew.js'

const AGAIN_MS = 2000

/** @param {boxOffice.Hold} order */
function card(order) {
  return element(
    'li',
    { id: order.id, class: 'slip', 'data-state': order.state },
    element('h2', {}, headline(order)),
    element('p', {}, order.seats.map((seat) => nameOf(seatOf(seat))).join('; ')),
    element(
      'p',
      { class: 'soft' },
      `Order ${order.id.slice(0, 8)}${order.buyer === null ? '' : `, for ${order.buyer}`}`,
    ),
    ...moneyOf(order),
  )
}

/** @param {boxOffice.Hold} order */
function headline(order) {
  if (order.state === 'sold') return `${order.seats.length === 1 ? 'Ticket' : 'Tickets'} for ${plan.show}`
  if (order.state === 'ended') return titleOf(order)
  const left = order.remainingMs === null ? '' : `, ${clockText(order.remainingMs)} left`
  return order.state === 'paid' ? `Paid, not confirmed yet${left}` : `Held for you${left}`
}

/** @param {boxOffice.Hold} order */
function moneyOf(order) {
  if (order.state === 'ended') {
    const note = order.endNote === null ? [] : [element('p', {}, `The reason given: ${order.endNote}`)]
    return [...note, moneyBack(order)]
  }
  const paid = order.payment === 'taken'
  return [
    element(
      'p',
      {},
      paid ? `${money(order.amountCents)} from the card ending ${order.cardEnding}.` : money(order.amountCents),
    ),
  ]
}

async function show() {
  const list = byId('orders')
  const orders = await boxOffice.orders().catch((/** @type {boxOffice.Refused} */ refusal) => refusal)
  list.removeAttribute('aria-busy')
  if (!(orders instanceof boxOffice.Refused)) renew(list, [slips(orders)])
  else if (list.childElementCount === 0) list.append(element('p', { role: 'alert' }, orders.message))
}

/** @param {boxOffice.Hold[]} orders */
const slips = (orders) =>
  orders.length === 0
    ? element('p', { class: 'soft' }, 'You have booked nothing yet in this browser.')
    : element('ul', { class: 'slips' }, ...orders.map(card))

byId('when').textContent = `${plan.show} · ${plan.hall} · ${plan.when}`
await show()
setInterval(() => document.hidden || void show(), AGAIN_MS)
