import * as boxOffice from './box-office.js'
import { clockText } from './countdown.js'
import { byId, element } from './element.js'
import { followSeats } from './live.js'
import { renew } from './renew.js'
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
let trouble = ''

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
    tellTrouble('')
  } catch (error) {
    tellTrouble(error instanceof Error ? error.message : String(error))
  } finally {
    asking = false
  }
}

/**
 * Told when it begins, and taken back when it is over.
 *
 * @param {string} text
 */
function tellTrouble(text) {
  if (text !== trouble) say(text)
  trouble = text
}

/** @param {Hold[]} holds */
function showRows(holds) {
  const table = byId('table')
  const isThere = table.contains(document.activeElement)
  renew(byId('holds'), holds.map(row))
  // The hold is over, and its button gone.
  if (isThere && !table.contains(document.activeElement)) table.focus()
}

/** @param {Hold} hold */
function row(hold) {
  const action = element(
    'button',
    {
      type: 'button',
      class: 'quiet',
      onclick: () => askWhy(hold),
      'aria-label': `Take back ${hold.seats.join(', ')}`,
    },
    'Take back',
  )
  return element(
    'tr',
    { id: hold.id, 'data-seats': hold.seats.join(' ') },
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
  say('')
  byId('ask-seats').textContent = hold.seats.join(', ')
  dialog.showModal()
}

dialog.addEventListener('close', () => document.activeElement === document.body && byId('table').focus())
byId('ask-no').addEventListener('click', () => dialog.close())
byId('ask-form').addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target)
  const reason = String(new FormData(form).get('reason') ?? '')
  ask('POST', `/holds/${asked}/release`, { reason }).then(
    () => say('The seats were taken back.'),
    (error) => say(error.message),
  )
  form.reset()
})

// Wider than a phone: arrow keys scroll it.
byId('table').tabIndex = 0
followSeats(() => void show())
setInterval(() => void show(), AGAIN_MS)
await show()
