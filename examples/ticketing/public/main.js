import { countFree, drawAuditorium, showSeat } from './auditorium.js'
import * as boxOffice from './box-office.js'
import { Countdown } from './countdown.js'
import { byId } from './element.js'
import { drawLegend } from './legend.js'
import { followSeats } from './live.js'
import { showPage } from './pages.js'
import { showChoice, showHold, showLine, showRemaining } from './panel.js'
import { nameOf, plan, seatOf, seats } from './plan.js'
import { say } from './say.js'
import { listenToKeys } from './seat-keys.js'
import { listenToZoom } from './zoom.js'

const MAX_SEATS = 6
const MEMORY = 'hold'
const ACTIVE = ['open', 'paying', 'paid']
const FIRST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 5000
/** Answers of a box office whose servers come and go. */
const GONE = new Set(['unreachable', 'node-lost', 'no-node', 'try-again', 'internal'])

/** @type {import('./live.js').SeatStates} */
const states = {}
/** @type {Set<string>} */
const chosen = new Set()
/** @type {boxOffice.Hold | undefined} */
let hold
/** @type {string | undefined} What the page waits for, in words. */
let busy
/** @type {{ seat: string, leave?: AbortController } | undefined} A held seat that the visitor looks at, or stands in line for. */
let line

const countdown = new Countdown(showRemaining, () => void askUntilOver())

const isActive = () => hold !== undefined && ACTIVE.includes(hold.state)

/** @param {string} seat */
function lookOf(seat) {
  if (isActive() && hold?.seats.includes(seat)) return 'own'
  const state = states[seat] ?? 'free'
  return state === 'free' && chosen.has(seat) ? 'chosen' : state
}

function showSeats() {
  for (const { id } of seats) showSeat(id, lookOf(id))
  countFree()
}

/** @param {string} [problem] */
function showCheckout(problem) {
  showSeats()
  if (hold === undefined && line !== undefined) {
    const { seat, leave } = line
    return showLine(seat, { waiting: leave !== undefined, problem, onWait: standInLine, onLeave: leaveLine })
  }
  if (hold === undefined) return showChoice([...chosen], { busy, problem, onHold: takeSeats, onDrop: toggle })
  if (!isActive()) return showPage(hold, startOver)
  showHold(hold, { busy, problem, onPay: paySeats, onConfirm: confirmSeats, onGiveUp: giveUpSeats })
  countdown.show()
}

/** @param {string} seat */
function toggle(seat) {
  if (busy) return
  if (isActive()) return showCheckout('You hold seats already. Book them, or give them back and choose others.')
  if (line?.leave) return showCheckout('You are in line. Leave the line to choose another seat.')
  line = states[seat] === 'held' && chosen.size === 0 ? { seat } : undefined
  if (line !== undefined) return showCheckout()
  if (chosen.delete(seat)) return showCheckout()
  if (states[seat] !== 'free') return say(`${nameOf(seatOf(seat))} is taken.`)
  if (chosen.size === MAX_SEATS) return showCheckout(`You can book up to ${MAX_SEATS} seats at once.`)
  chosen.add(seat)
  showCheckout()
}

/** @param {import('./live.js').SeatStates} changed */
function takeNews(changed) {
  Object.assign(states, changed)
  // Something became of our seats: the bank has answered, or somebody took them back.
  if (isActive() && hold?.seats.some((seat) => seat in changed)) void catchUp()
  if (line !== undefined && line.leave === undefined && states[line.seat] !== 'held') {
    line = undefined
    return showCheckout()
  }
  const lost = hold === undefined && !busy ? [...chosen].filter((seat) => states[seat] !== 'free') : []
  for (const seat of lost) chosen.delete(seat)
  if (lost.length > 0)
    return showCheckout(`${lost.map((seat) => nameOf(seatOf(seat))).join(' and ')}: somebody was faster.`)
  showSeats()
}

/** @param {boxOffice.Hold} [news] */
function accept(news) {
  hold = news
  if (news && isActive()) sessionStorage.setItem(MEMORY, news.id)
  else sessionStorage.removeItem(MEMORY)
  if (isActive() && typeof news?.remainingMs === 'number') countdown.start(news.remainingMs)
  else countdown.stop()
}

/**
 * One request at a time; whatever comes of it, the page then shows the hold as the server sees it.
 *
 * @param {string} doing
 * @param {() => Promise<boxOffice.Hold>} request
 */
async function act(doing, request) {
  if (busy) return
  busy = doing
  say(doing)
  showCheckout()
  const problem = await request().then((news) => void accept(news), refused)
  busy = undefined
  say('')
  showCheckout(problem)
}

/**
 * @param {boxOffice.Refused} refusal
 * @returns {Promise<string | undefined>}
 */
async function refused(refusal) {
  if (hold !== undefined && refusal.code !== 'unreachable') await boxOffice.look(hold.id).then(accept, () => {})
  return refusal.message
}

async function takeSeats() {
  await act('Asking for them…', () => boxOffice.hold([...chosen]).catch(findHold))
  if (isActive()) chosen.clear()
}

/**
 * A server that was lost on the way may have held the seats all the same.
 *
 * @param {boxOffice.Refused} refusal
 */
async function findHold(refusal) {
  const orders = GONE.has(refusal.code) ? await boxOffice.orders().catch(() => []) : []
  const found = orders.find(({ state, seats }) => state === 'open' && seats.join() === [...chosen].join())
  if (found === undefined) throw refusal
  return found
}

/** In line until the seat is ours, or sold. A server that goes away takes the place in line along: then the page stands in line again. */
async function standInLine() {
  if (line === undefined || line.leave) return
  const { seat } = line
  const leave = new AbortController()
  line = { seat, leave }
  showCheckout()
  let problem
  while (!leave.signal.aborted) {
    const news = await boxOffice.wait(seat, leave.signal).catch((/** @type {boxOffice.Refused} */ refusal) => refusal)
    if (leave.signal.aborted) return
    if (!(news instanceof boxOffice.Refused)) {
      accept(news)
      break
    }
    problem = news.message
    if (!GONE.has(news.code)) break
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  line = undefined
  showCheckout(isActive() ? undefined : problem)
}

function leaveLine() {
  line?.leave?.abort()
  line = undefined
  showCheckout()
}

/** @type {(name: string, card: string) => void} */
const paySeats = (name, card) => void act('Talking to the bank…', () => boxOffice.pay(hold?.id ?? '', name, card))
const confirmSeats = () => void act('Confirming…', () => boxOffice.confirm(hold?.id ?? ''))

async function giveUpSeats() {
  await act('Giving them back…', () => boxOffice.giveUp(hold?.id ?? ''))
  if (hold?.state === 'ended' && hold.payment !== 'refunded') startOver()
}

function startOver() {
  accept(undefined)
  chosen.clear()
  showCheckout()
}

/** The time is over by this page's clock; only the server knows whether the hold is. */
async function askUntilOver() {
  while (isActive()) {
    const news = await boxOffice.look(hold?.id ?? '').catch(() => undefined)
    if (news !== undefined) accept(news)
    if ((news?.remainingMs ?? 0) > 0) return
    if (news !== undefined && !isActive()) return showCheckout()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

/** How often it was begun to catch up: whoever asks again leaves it to a later one. */
let catchUps = 0

/** After a reload, after a sleep that stopped this page's clock, and where something became of our seats. Without an answer it asks again, less and less often. */
async function catchUp() {
  const turn = ++catchUps
  for (let pauseMs = FIRST_PAUSE_MS; !(await isCaughtUp()); pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    if (turn !== catchUps) return
  }
}

/** False: nobody has answered. */
async function isCaughtUp() {
  const id = hold?.id ?? sessionStorage.getItem(MEMORY)
  if (id === null || busy || (hold !== undefined && !isActive())) return true
  const before = hold?.state
  const refusal = await boxOffice.look(id).then(accept, (/** @type {boxOffice.Refused} */ refusal) => refusal)
  if (refusal?.code === 'no-such-hold') accept(undefined)
  if (hold?.state !== before) showCheckout()
  return refusal === undefined || !GONE.has(refusal.code)
}

document.title = `${plan.show} · ${plan.hall}`
byId('show').textContent = plan.show
byId('when').textContent = `${plan.subtitle} · ${plan.hall} · ${plan.when}`
drawLegend(byId('legend'))
drawAuditorium(byId('auditorium'), toggle)
listenToKeys(byId('auditorium'))
listenToZoom()
followSeats(takeNews)
document.addEventListener('visibilitychange', () => document.hidden || void catchUp())
showCheckout()
await catchUp()
