import { clockText } from './countdown.js'
import { byId, element } from './element.js'
import { payForm } from './pay-form.js'
import { money, nameOf, seatOf } from './plan.js'
import { say } from './say.js'

/** @typedef {import('./box-office.js').Hold} Hold */

/** When those who listen are told how much time is left. */
const TOLD_AT_S = [10, 30, 60]

const panel = byId('checkout')
/** @type {number | undefined} the last of these */
let told

/**
 * Before a hold: what is chosen.
 *
 * @param {string[]} chosen
 * @param {{ busy: string | undefined, problem: string | undefined, onHold: () => void, onDrop: (seat: string) => void }} wiring
 */
export function showChoice(chosen, { busy, problem, onHold, onDrop }) {
  const total = chosen.reduce((sum, seat) => sum + seatOf(seat).priceCents, 0)
  const count = `${chosen.length} ${chosen.length === 1 ? 'seat' : 'seats'}`
  render(
    'choosing',
    problem,
    element('h2', { tabindex: '-1' }, chosen.length === 0 ? 'Choose your seats' : `Your choice: ${count}`),
    chosen.length === 0
      ? element(
          'p',
          { class: 'soft' },
          'Up to six at once. Once they are held, nobody can take them from you while you pay.',
        )
      : seatList(chosen, onDrop),
    chosen.length === 0 ? undefined : button('primary', busy ?? `Hold ${count} · ${money(total)}`, onHold, busy),
  )
}

/**
 * A seat that somebody else holds.
 *
 * @param {string} seat
 * @param {{ waiting: boolean, problem: string | undefined, onWait: () => void, onLeave: () => void }} wiring
 */
export function showLine(seat, { waiting, problem, onWait, onLeave }) {
  render(
    'choosing',
    problem,
    element('h2', { tabindex: '-1' }, waiting ? 'You are in line' : 'Held by somebody else'),
    seatList([seat], undefined, 'held'),
    element(
      'p',
      { class: 'soft' },
      waiting
        ? 'If the seat comes free, it is held for you at once. Keep this page open.'
        : 'It may come free: people change their minds, and holds run out.',
    ),
    waiting ? undefined : button('primary', 'Wait in line', onWait),
    button('quiet wide', waiting ? 'Leave the line' : 'Choose another seat', onLeave),
  )
}

/**
 * From hold to sale.
 *
 * @param {Hold} hold
 * @param {{ busy: string | undefined, problem: string | undefined, onPay: (name: string, card: string) => void, onConfirm: () => void, onGiveUp: () => void }} wiring
 */
export function showHold(hold, { busy, problem, onPay, onConfirm, onGiveUp }) {
  const paid = hold.state === 'paid'
  render(
    hold.state,
    problem,
    element('h2', { tabindex: '-1' }, paid ? 'Paid. One last step' : 'Held for you'),
    hold.remainingMs === null ? nothingHeld() : timer(),
    seatList(hold.seats),
    element('p', { class: 'total' }, 'Total', element('strong', {}, money(hold.amountCents))),
    paid ? paidLine(hold) : payForm(hold, busy, onPay),
    paid ? button('primary', busy ?? 'Confirm and get tickets', onConfirm, busy) : undefined,
    button('quiet wide', paid ? 'Give up and get the money back' : 'Give the seats back', onGiveUp, busy),
  )
}

/**
 * @param {number} remainingMs
 * @param {number} share
 */
export function showRemaining(remainingMs, share) {
  const clock = panel.querySelector('.clock')
  if (!(clock instanceof HTMLElement)) return
  clock.dataset['soon'] = String(share < 0.25)
  clock.style.setProperty('--share', String(share))
  const text = clock.querySelector('.clock-text')
  if (text) text.textContent = remainingMs > 0 ? `${clockText(remainingMs)} left` : 'Time is up…'
  const left = Math.ceil(remainingMs / 1000)
  const due = TOLD_AT_S.find((seconds) => left <= seconds)
  if (due !== undefined && due !== told) say(`${left} seconds left to book your seats.`)
  told = due
}

/**
 * @param {string} step
 * @param {string | undefined} problem
 * @param {...(HTMLElement | undefined)} children
 */
function render(step, problem, ...children) {
  const typed = formValues()
  const isHere = panel.contains(document.activeElement)
  const before = panel.querySelector('h2')?.textContent
  const [title, ...rest] = children.filter((child) => child !== undefined)
  panel.dataset['step'] = step
  panel.replaceChildren(steps(step), ...(title ? [title] : []), ...problemLine(problem), ...rest)
  for (const [name, value] of typed) {
    const input = panel.querySelector(`input[name="${name}"]`)
    if (input instanceof HTMLInputElement) input.value = value
  }
  if (isHere) title?.focus()
  // Whoever is at the seats, or elsewhere, is told.
  else if (before !== undefined && before !== title?.textContent) say(title?.textContent ?? '')
}

/** @param {string | undefined} problem */
const problemLine = (problem) => (problem ? [element('p', { class: 'problem', role: 'alert' }, problem)] : [])

/** What a visitor has typed outlives the redrawing of the panel. */
function formValues() {
  return Array.from(panel.querySelectorAll('input'), (input) => /** @type {const} */ ([input.name, input.value]))
}

/** @param {string} step */
function steps(step) {
  const order = ['Choose', 'Pay', 'Confirm']
  const current = step === 'choosing' ? 0 : step === 'paid' ? 2 : 1
  const items = order.map((name, index) =>
    element('li', { 'data-past': String(index < current), 'aria-current': index === current ? 'step' : false }, name),
  )
  return element('ol', { class: 'steps', 'aria-label': 'Steps of your booking' }, ...items)
}

function timer() {
  return element(
    'div',
    { class: 'clock', role: 'timer' },
    element('span', { class: 'clock-text' }, ''),
    element('span', { class: 'clock-bar', 'aria-hidden': 'true' }),
  )
}

const nothingHeld = () =>
  element(
    'p',
    { class: 'problem' },
    'This box office runs without leases: nothing keeps others from buying these seats.',
  )

/**
 * @param {string[]} ids
 * @param {(seat: string) => void} [onDrop]
 * @param {import('./auditorium.js').Look} [look]
 */
function seatList(ids, onDrop, look = onDrop ? 'chosen' : 'own') {
  const items = ids.map((id) => {
    const seat = seatOf(id)
    const drop =
      onDrop &&
      element(
        'button',
        { type: 'button', class: 'drop', 'aria-label': `Leave out ${nameOf(seat)}`, onclick: () => onDrop(id) },
        '×',
      )
    const swatch = element('span', {
      class: 'seat',
      'data-tier': seat.tier,
      'data-look': look,
      'aria-hidden': 'true',
    })
    const words = element('span', {}, nameOf(seat), element('small', {}, seat.tierName))
    return element('li', {}, swatch, words, element('span', { class: 'price' }, money(seat.priceCents)), drop)
  })
  return element('ul', { class: 'seats' }, ...items)
}

/** @param {Hold} hold */
const paidLine = ({ amountCents, cardEnding, buyer }) =>
  element('p', { class: 'soft' }, `${money(amountCents)} taken from the card ending ${cardEnding}, for ${buyer}.`)

/**
 * @param {string} kind
 * @param {string} text
 * @param {() => void} onClick
 * @param {string} [busy]
 */
const button = (kind, text, onClick, busy) =>
  element('button', { type: 'button', class: kind, disabled: busy !== undefined, onclick: onClick }, text)
