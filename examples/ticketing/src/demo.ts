import { createLocks } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'
import { openEmbeddedDatabase } from './database/embedded.ts'
import { readDemoOptions } from './demo-options.ts'
import { openBoxOffice } from './open-box-office.ts'
import { TEST_CARDS } from './payment/bank.ts'

const options = readDemoOptions(process.argv.slice(2))
process.stderr.write('Opening the box office: an embedded Postgres takes a few seconds to start…\n')

const db = await openEmbeddedDatabase()
const locks = createLocks(memoryBackend(), { ttlMs: options.holdMs, autoRenew: false })
const office = await openBoxOffice({
  db,
  locks,
  strategy: options.strategy,
  holdMs: options.holdMs,
  freezeMs: options.holdMs * 1.5,
  sweepMs: 250,
  bank: { delayMs: 1200, slowMs: options.holdMs * 1.5, failureRate: 0.1, random: Math.random },
  port: options.port,
  orAnyPort: true,
})

console.log(`
  ${office.auditorium.plan.show}, ${office.auditorium.plan.hall}: ${office.auditorium.seats.length} seats on sale at

    ${office.address}

  Open it in two windows and contend for a seat. Seats are held for ${options.holdMs / 1000} s (--hold 20 for less), strategy ${options.strategy}.
  Cards: ${TEST_CARDS.pays} always pays, ${TEST_CARDS.declined} is declined, ${TEST_CARDS.slowerThanTheHold} takes longer than
  the hold, ${TEST_CARDS.freezesTheCheckout} freezes the checkout right before its sale; with any other, the bank
  does not answer one time in ten. Ctrl+C stops.
`)

async function stop(): Promise<void> {
  await office.close()
  await locks.close()
  await db.close()
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
