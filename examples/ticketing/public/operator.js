import * as boxOffice from './box-office.js'
import { clockText } from './countdown.js'
import { byId, element } from './element.js'
import { followSeats } from './live.js'
import { say } from './say.js'

/**
 * @typedef {{ token: string, remainingMs: number, node: string }} SeatLock
 * @typedef {{ id: string, state: string, seats: string[], buyer: string | null, heldOn: string, paidOn: string | null, heldMs: number, remainingMs: number | null, tokens: string[], fences: string[], waiting: number, locks: (SeatLock | 'free' | 'no-answer')[] }} Hold
 */

const AGAIN_MS = 1000

// The key came behind the #, which no browser sends anywhere.
const key = location.hash.slice(1)
const dialog = /** @type {HTMLDialogElement} */ (byId('ask'))
let asking = false
let asked = ''

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 */
const ask = (method, path, body) =>
  boxOffice.ask(method, `/api/operator${path}`, { body, headers: { 'x-operator-key': key } })

async function show() {
  if (asking || document.hidden) return
  asking = true
  try {
    const { node, strategy, holds } = await ask('GET', '/holds')
    byId('told').textContent = `Strategy ${strategy}. Told by ${node}, from the books and from the lock server.`
    byId('none').hidden = holds.length > 0
    showRows(holds)
  } catch (error) {
    byId('told').textContent = error instanceof Error ? error.message : String(error)
  } finally {
    asking = false
  }
}

/** @param {Hold[]} holds */
function showRows(holds) {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['hold'] : undefined
  byId('holds').replaceChildren(...holds.map(row))
  if (focused) /** @type {HTMLElement | null} */ (document.querySelector(`[data-hold="${focused}"]`))?.focus()
}

/** @param {Hold} hold */
function row(hold) {
  const action = element(
    'button',
    {
      type: 'button',
      class: 'quiet',
      'data-hold': hold.id,
      onclick: () => askWhy(hold),
      'aria-label': `Take back ${hold.seats.join(', ')}`,
    },
    'Take back',
  )
  return element(
    'tr',
    { 'data-seats': hold.seats.join(' ') },
    element('th', { scope: 'row' }, ...lines(hold.seats)),
    ...[
      [hold.id.slice(0, 8), ...(hold.buyer === null ? [] : [hold.buyer])],
      [hold.state],
      hold.paidOn === null || hold.paidOn === hold.heldOn ? [hold.heldOn] : [hold.heldOn, `paid on ${hold.paidOn}`],
      [clockText(hold.heldMs)],
      [hold.remainingMs === null ? 'never' : clockText(hold.remainingMs)],
      hold.tokens.length > 0 ? hold.tokens : ['none'],
      hold.fences,
      hold.locks.map((lock, index) => lockText(lock, hold.tokens[index])),
      [String(hold.waiting)],
    ].map((texts) => element('td', {}, ...lines(texts))),
    element('td', {}, action),
  )
}

/**
 * A line for each seat, in the same order in every cell.
 *
 * @param {string[]} texts
 */
const lines = (texts) => texts.map((text) => element('div', {}, text))

/**
 * @param {SeatLock | 'free' | 'no-answer'} lock
 * @param {string | undefined} token of this hold
 */
function lockText(lock, token) {
  if (typeof lock === 'string') return lock === 'free' ? 'free' : 'no answer'
  const whose = lock.token === token ? 'this hold' : `token ${lock.token} of ${lock.node}`
  return `${whose}, ${clockText(lock.remainingMs)} left`
}

/** @param {Hold} hold */
function askWhy(hold) {
  asked = hold.id
  byId('ask-seats').textContent = hold.seats.join(', ')
  dialog.showModal()
}

byId('ask-no').addEventListener('click', () => dialog.close())
byId('ask-form').addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target)
  const reason = String(new FormData(form).get('reason') ?? '')
  ask('POST', `/holds/${asked}/release`, { reason }).then(
    () => say('The seats are on sale again.'),
    (error) => say(error.message),
  )
  form.reset()
})

followSeats(() => void show())
setInterval(() => void show(), AGAIN_MS)
await show()
