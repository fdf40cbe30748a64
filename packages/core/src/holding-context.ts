import { AsyncLocalStorage } from 'node:async_hooks'
import { LeaseholdError } from './errors.ts'
import type { Hold } from './hold.ts'

/** One acquire of an asynchronous context: waiting (no hold yet), holding, or over. */
interface Acquisition {
  readonly key: string
  /** Whose key it is: equal keys of different `Locks` are different locks here. */
  readonly realm: object
  hold: Hold | undefined
  over: boolean
}

const acquisitions = new AsyncLocalStorage<readonly Acquisition[]>()

const isOver = (each: Acquisition) => each.over || (each.hold !== undefined && each.hold.state !== 'held')

/**
 * Runs `acquire` as an acquisition by the calling asynchronous context. Throws `SELF_DEADLOCK` where that context already holds one of the keys.
 *
 * Must be called in the caller's own turn, before any `await`: only then does what follows in the caller belong to the same context.
 * The list is replaced, never changed: contexts that branched off earlier keep theirs.
 */
export async function acquireInContext<Taken extends Hold | readonly Hold[] | undefined>(
  realm: object,
  keys: readonly string[],
  acquire: () => Promise<Taken>,
): Promise<Taken> {
  const live = acquisitions.getStore()?.filter((each) => !isOver(each)) ?? []
  const held = live.find((each) => each.hold !== undefined && each.realm === realm && keys.includes(each.key))
  if (held !== undefined) throw selfDeadlock(held.key)
  const own = keys.map((key): Acquisition => ({ realm, key, hold: undefined, over: false }))
  acquisitions.enterWith([...live, ...own])
  try {
    const taken = await acquire()
    const holds = taken === undefined ? [] : [taken].flat()
    for (const each of own) each.hold = holds.find((hold) => hold.claim.key === each.key)
    return taken
  } finally {
    for (const each of own) each.over = each.hold === undefined
  }
}

function selfDeadlock(key: string): LeaseholdError {
  const message = `this asynchronous context already holds ${JSON.stringify(key)} and would wait for itself; pass whenHeld: 'wait' if other code will release it`
  return new LeaseholdError('SELF_DEADLOCK', message, { key })
}
