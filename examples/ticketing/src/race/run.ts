import type { StrategyName } from '../strategies/index.ts'
import type { Contest, Result } from './contest.ts'
import { Customer, type Temper } from './customer.ts'
import { SeatMap } from './seat-map.ts'
import type { ServerProcess } from './server-process.ts'
import { Stopwatch } from './stopwatch.ts'

/** How many customers are in the shop at the same time; the others come as these leave. */
const AT_ONCE = 16

export type Progress = (done: number, all: number) => void

/** One sale, from the first customer to the last hold that runs out. */
export async function runSale(
  server: ServerProcess,
  strategy: StrategyName,
  contest: Contest,
  onProgress: Progress,
): Promise<Result> {
  const { address } = await server.open(strategy, contest)
  const traffic = await sendCustomers(address, contest, onProgress)
  return { strategy, ...(await server.finish()), ...traffic }
}

async function sendCustomers(address: string, contest: Contest, onProgress: Progress) {
  await using map = await SeatMap.open(address)
  const stopwatch = new Stopwatch()
  let arrived = 0
  let done = 0
  const serveQueue = async () => {
    while (arrived < contest.customers) {
      await new Customer(address, map, stopwatch, temperOf(arrived++, contest)).shop()
      onProgress(++done, contest.customers)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, serveQueue))
  return stopwatch.read()
}

/** Frozen checkouts come first: they get the best seats, and everybody wants those as soon as they are let go. One in twenty walks away. */
function temperOf(index: number, { frozen }: Contest): Temper {
  if (index < frozen) return 'freezes'
  return index % 20 === 7 ? 'walks-away' : 'buys'
}
