import { setTimeout as pause } from 'node:timers/promises'
import { createLocks } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'
import { openEmbeddedDatabase } from '../database/embedded.ts'
import { openBoxOffice } from '../open-box-office.ts'
import type { StrategyName } from '../strategies/index.ts'
import { areBooksClosed, readBooks } from './books.ts'
import type { Contest } from './contest.ts'
import type { ServerAnswer, ServerOrder } from './server-messages.ts'

// The server of a race is a process of its own, so that the customers' work is not taken for its own.

const SWEEP_MS = 50
const BANK_MS = 20

const db = await openEmbeddedDatabase()
let finish = async (): Promise<void> => {}

async function open(strategy: StrategyName, { holdMs, freezeMs }: Contest): Promise<void> {
  const locks = createLocks(memoryBackend(), { ttlMs: holdMs, autoRenew: false })
  const bank = { delayMs: BANK_MS, slowMs: BANK_MS, failureRate: 0, random: Math.random }
  const office = await openBoxOffice({ db, locks, strategy, holdMs, freezeMs, sweepMs: SWEEP_MS, bank, port: 0 })
  finish = async () => {
    while (!(await areBooksClosed(db))) await pause(SWEEP_MS)
    await office.close()
    await locks.close()
  }
  answer({ type: 'opened', address: office.address, seats: office.auditorium.seats.map((seat) => seat.id) })
}

async function obey(order: ServerOrder): Promise<void> {
  if (order.type === 'open') return open(order.strategy, order.contest)
  await finish()
  answer({ type: 'books', books: await readBooks(db) })
}

const answer = (message: ServerAnswer): void => {
  process.send?.(message)
}

process.on(
  'message',
  (order: ServerOrder) => void obey(order).catch((error: unknown) => answer({ type: 'failed', error: String(error) })),
)
process.once('disconnect', () => process.exit())
answer({ type: 'ready' })
