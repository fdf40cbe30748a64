import { setTimeout as pause } from 'node:timers/promises'
import type { LockEvent } from '@leasehold/core'
import { areBooksClosed, readBooks } from '../back-office/books.ts'
import type { NodeMessage, NodeOrder, TravellingLockEvent } from './messages.ts'
import { type OpenNode, openNode } from './open-node.ts'
import { SettableClock } from './settable-clock.ts'

// A server of the box office in a process of its own, so that it can be frozen and killed. It is told what to do by messages.

const PULSE_MS = 200
const LOOK_AGAIN_MS = 50

const clock = new SettableClock()
let node: OpenNode | undefined
let standings = 0
const goOn = new Map<number, () => void>()

const say = (message: NodeMessage): void => {
  process.send?.(message)
}

const standStill = (seats: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    standings += 1
    goOn.set(standings, resolve)
    say({ type: 'standing', standing: standings, seats })
  })

async function obey(order: NodeOrder): Promise<void> {
  switch (order.type) {
    case 'open':
      node = await openNode({
        ...order.terms,
        port: 0,
        clock,
        ...(order.terms.tellsOfLeases && {
          onLockEvent: passOn,
          onValidity: (validity) => say({ type: 'validity', validity }),
        }),
        standStill,
      })
      return say({ type: 'opened', address: node.address })
    case 'read-books':
      return say({ type: 'books', books: await booksOf(node) })
    case 'close':
      await node?.close()
      node = undefined
      return say({ type: 'closed' })
    case 'go-on':
      goOn.get(order.standing)?.()
      goOn.delete(order.standing)
      return
    case 'set-clock':
      clock.offsetMs = order.offsetMs
  }
}

async function booksOf(open: OpenNode | undefined) {
  if (open === undefined) throw new Error('The box office is not open.')
  while (!(await areBooksClosed(open.db))) await pause(LOOK_AGAIN_MS)
  return readBooks(open.db)
}

function passOn(event: LockEvent): void {
  say({ type: 'lock-event', event: travelling(event) })
}

function travelling(event: LockEvent): TravellingLockEvent {
  return {
    type: event.type,
    key: event.key,
    ...('fencingToken' in event && { fencingToken: String(event.fencingToken) }),
    ...('remainingMs' in event && { remainingMs: event.remainingMs }),
    ...('reason' in event && { reason: event.reason }),
  }
}

process.on('message', (order: NodeOrder) => {
  obey(order).catch((error: unknown) =>
    say({ type: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.once('disconnect', () => process.exit())
// Ctrl+C reaches the whole process group: whoever started this process ends it, when it has been told.
process.on('SIGINT', () => {})
setInterval(() => say({ type: 'pulse' }), PULSE_MS)
say({ type: 'started' })
