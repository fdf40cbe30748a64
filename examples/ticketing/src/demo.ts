import { randomBytes } from 'node:crypto'
import { loadAuditorium } from './auditorium.ts'
import { orReason } from './command-line.ts'
import type { ServerAddress } from './database/open-database.ts'
import { readDemoOptions } from './demo-options.ts'
import { Fleet } from './fleet/fleet.ts'
import { FrontDoor } from './fleet/front-door.ts'
import type { Served } from './http/serve.ts'
import { labPages } from './lab/lab-pages.ts'
import type { LockAddress } from './locks/lock-address.ts'
import { openNode } from './node/open-node.ts'
import { TEST_CARDS } from './payment/bank.ts'
import type { Sale } from './sale.ts'
import { clearStage, type Stage, setStage } from './stage/stage.ts'

const options = readDemoOptions(process.argv.slice(2))
const { holdMs, strategy, port } = options
const sale: Sale = {
  name: `sale-${randomBytes(6).toString('hex')}`,
  strategy,
  operatorKey: randomBytes(16).toString('hex'),
  holdMs,
  freezeMs: holdMs * 1.5,
  sweepMs: 250,
  bank: { delayMs: 1200, slowMs: holdMs * 1.5, failureRate: 0.1 },
}

process.stderr.write('Opening the box office: a database takes a few seconds to start…\n')
const stage = await orReason(() => setStage(options.stage))
await clearStage(stage)
const { nodes } = options.stage
const isAlone = nodes === 1 || stage.database === 'embedded'
const house = await (isAlone ? openOne(stage) : openSeveral(stage.database, stage.locks, nodes))
const { plan, seats } = await loadAuditorium()

console.log(`
  ${plan.show}, ${plan.hall}: ${seats.length} seats on sale at

    ${house.address}

  Who holds what, for the operator alone:

    ${house.address}/operator.html#${sale.operatorKey}

  Break a server right before it sells, and see what happens:

    ${house.address}/lab${isAlone ? ' (with --nodes 3)' : ''}

  Open it in two windows and contend for a seat. Seats are held for ${holdMs / 1000} s (--hold 20 for less), strategy ${strategy},
  locks in ${stage.locks.kind}, ${isAlone ? 'one server process' : `${nodes} server processes behind this address`}.
  Cards: ${TEST_CARDS.pays} always pays, ${TEST_CARDS.declined} is declined, ${TEST_CARDS.slowerThanTheHold} takes longer than
  the hold, ${TEST_CARDS.freezesTheCheckout} freezes the checkout right before its sale${isAlone ? '' : ', with the server process it is in'}; with any other, the bank
  does not answer one time in ten. Ctrl+C stops.
`)

function openOne({ database, locks }: Stage): Promise<Served> {
  return openNode({ name: 'node-1', database, locks, sale, port, orAnyPort: true })
}

async function openSeveral(database: ServerAddress, locks: LockAddress, count: number): Promise<Served> {
  const fleet = await Fleet.start({ count })
  await fleet.open({ database, locks, sale })
  const lab = labPages({ database, locks })
  const door = await FrontDoor.open(fleet, port, true, lab.take)
  return {
    address: door.address,
    close: async () => {
      await door.close()
      await lab[Symbol.asyncDispose]()
      await fleet[Symbol.asyncDispose]()
    },
  }
}

async function stop(): Promise<void> {
  await house.close()
  await stage.stop()
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
