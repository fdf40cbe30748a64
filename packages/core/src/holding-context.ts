import { AsyncLocalStorage } from 'node:async_hooks'
import { LeaseholdError } from './errors.ts'
import type { Hold } from './hold.ts'
import type { Holds } from './holds.ts'

/** One acquisition of an asynchronous context, and those before it: waiting (no hold yet), holding, or over. */
interface Acquisition {
  hold: Hold | undefined
  over: boolean
  before: Acquisition | undefined
}

const latest = new AsyncLocalStorage<Acquisition | undefined>()

/**
 * Runs `acquire` as an acquisition by the calling asynchronous context. Throws `SELF_DEADLOCK` where that context already holds one of the keys.
 *
 * Must be called in the caller's own turn, before any `await`: only then does what follows in the caller belong to the same context.
 * A context that branched off earlier keeps its own latest acquisition: siblings do not see each other's.
 */
export async function acquireInContext<Taken extends Hold | readonly Hold[] | undefined>(
  holds: Holds,
  keys: readonly string[],
  acquire: () => Promise<Taken>,
): Promise<Taken> {
  let newest = skipOver(latest.getStore())
  for (const key of keys) {
    const held = holds.valid(key)
    if (held !== undefined && isAmong(held, newest)) throw selfDeadlock(key)
  }
  const own = keys.map(() => {
    newest = { hold: undefined, over: false, before: newest }
    return newest
  })
  latest.enterWith(newest)
  try {
    const taken = await acquire()
    const each = taken === undefined ? [] : [taken].flat()
    for (const [index, acquisition] of own.entries()) acquisition.hold = each[index]
    return taken
  } finally {
    for (const acquisition of own) acquisition.over = acquisition.hold === undefined
  }
}

const isOver = ({ over, hold }: Acquisition): boolean => over || (hold !== undefined && hold.state !== 'held')

/** The newest that is not over. Unlinks those it passes, so that a context of any age remembers only what it holds. */
function skipOver(from: Acquisition | undefined): Acquisition | undefined {
  let newest = from
  while (newest !== undefined && isOver(newest)) newest = newest.before
  if (newest !== undefined) {
    while (newest.before !== undefined && isOver(newest.before)) newest.before = newest.before.before
  }
  return newest
}

function isAmong(held: Hold, newest: Acquisition | undefined): boolean {
  for (let each = newest; each !== undefined; each = each.before) if (each.hold === held) return true
  return false
}

function selfDeadlock(key: string): LeaseholdError {
  const message = `this asynchronous context already holds ${JSON.stringify(key)} and would wait for itself`
  return new LeaseholdError('SELF_DEADLOCK', `${message}; pass whenHeld: 'wait' if other code will release it`, { key })
}
