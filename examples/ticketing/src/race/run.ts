import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fleet } from '../fleet/fleet.ts'
import { FrontDoor } from '../fleet/front-door.ts'
import type { Sale } from '../sale.ts'
import { clearStage, type Stage } from '../stage/stage.ts'
import type { StrategyName } from '../strategies/index.ts'
import type { Contest, Result } from './contest.ts'
import { Customer, type Temper } from './customer.ts'
import { SeatMap } from './seat-map.ts'
import { Stopwatch } from './stopwatch.ts'

/** How many customers are in the shop at the same time; the others come as these leave. */
const AT_ONCE = 16

/** One in so many freezes, until there were enough: the sale goes on meanwhile. */
const BETWEEN_FREEZES = 12

/** More than these would never come to it. */
export const mostFreezes = (customers: number): number => Math.ceil(customers / BETWEEN_FREEZES)

const SWEEP_MS = 100
const BANK_MS = 20

export type Progress = (done: number, all: number) => void

/** One sale, from the first customer to the last hold that runs out. */
export async function runSale(
  fleet: Fleet,
  stage: Pick<Stage, 'database' | 'locks'>,
  strategy: StrategyName,
  contest: Contest,
  onProgress: Progress,
): Promise<Result> {
  await clearStage(stage, contest.seats)
  const { database, locks } = stage
  const { freezeMs, untilSold = false } = contest
  let standsStill = () => {}
  const frozen = new Promise<void>((resolve) => {
    standsStill = resolve
  })
  await fleet.open({ database, locks, sale: saleOf(strategy, contest) }, (seats) => {
    standsStill()
    const longest = pause(freezeMs, undefined, { ref: false })
    return untilSold ? Promise.race([map.sold(seats), longest]) : longest
  })
  const door = await FrontDoor.open(fleet, 0, false)
  await using map = await SeatMap.open(door.address)
  const traffic = await sendCustomers(fleet, door.address, map, contest, frozen, onProgress)
  const books = await fleet.readBooks()
  await door.close()
  await fleet.close()
  return { strategy, ...books, ...traffic }
}

const saleOf = (strategy: StrategyName, { holdMs, freezeMs, seats }: Contest): Sale => ({
  ...(seats !== undefined && { seats }),
  name: `race-${randomBytes(6).toString('hex')}`,
  strategy,
  operatorKey: randomBytes(16).toString('hex'),
  holdMs,
  freezeMs,
  sweepMs: SWEEP_MS,
  bank: { delayMs: BANK_MS, slowMs: BANK_MS, failureRate: 0 },
})

async function sendCustomers(
  fleet: Fleet,
  address: string,
  map: SeatMap,
  contest: Contest,
  frozen: Promise<void>,
  onProgress: Progress,
) {
  const stopwatch = new Stopwatch(fleet)
  let arrived = 0
  let done = 0
  const serve = async () => {
    await new Customer(address, map, stopwatch, temperOf(arrived++, contest)).shop()
    onProgress(++done, contest.customers)
  }
  const serveQueue = async () => {
    while (arrived < contest.customers) await serve()
  }
  // The first is the one to freeze, if any is: nobody else is let in before he stands still. Where his hold ran out first, he comes again, and would come away empty.
  const first = serve()
  await Promise.race([first, frozen])
  await Promise.all([first.then(serveQueue), ...Array.from({ length: AT_ONCE - 1 }, serveQueue)])
  return stopwatch.read()
}

/** Frozen checkouts come early: they get the best seats, and everybody wants those as soon as they are let go. One in twenty walks away. */
function temperOf(index: number, { frozen }: Contest): Temper {
  if (index % BETWEEN_FREEZES === 0 && index / BETWEEN_FREEZES < frozen) return 'freezes'
  return index % 20 === 7 ? 'walks-away' : 'buys'
}
