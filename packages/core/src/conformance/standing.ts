import type { Claim, Grant, LockBackend, Share } from '../contract.ts'
import { LONG_MS, type Trial } from './trial.ts'

/** A claim that stands in line at the server, as core would have it wait. */
export interface Standing {
  readonly claim: Claim
  readonly grant: Promise<Grant | undefined>
  abort(): void
}

/** Lets the claim wait, and gives it time to arrive. */
export async function stand(t: Trial, backend: LockBackend, key: string, share?: Share): Promise<Standing> {
  const waiter = begin(t, backend, t.claim(key, share))
  await t.pass(t.arrivalMs)
  return waiter
}

/** Begins to wait in this same turn of the event loop. */
export function begin(t: Trial, backend: LockBackend, claim: Claim): Standing {
  const abort = new AbortController()
  const grant = takeTurn(t, backend, claim, abort.signal)
  // Where a case fails before it asks, that is the failure.
  grant.catch(() => {})
  return { claim, grant, abort: () => abort.abort() }
}

/** Waits, and tries again at every hint, until granted or aborted. */
async function takeTurn(t: Trial, backend: LockBackend, claim: Claim, signal: AbortSignal): Promise<Grant | undefined> {
  while (!signal.aborted) {
    const turn = await backend.waitForTurn?.(claim, t.terms(), signal).catch(onlyIf(signal))
    if (turn !== undefined || signal.aborted) return turn
    const answer = await backend.tryAcquire(claim, t.terms())
    if (answer.granted) return answer
    await t.pass(t.time.stepMs)
  }
  return undefined
}

const onlyIf = (signal: AbortSignal) => (error: unknown) => {
  if (!signal.aborted) throw error
  return undefined
}

/**
 * In which order `count` waiters, each of a client of its own, get their turns after the holder's release. `meanwhile` is done
 * for the first two of them, when all stand in line.
 */
export async function turns(
  t: Trial,
  held: Claim,
  holder: LockBackend,
  count: number,
  meanwhile?: (backend: LockBackend, waiter: Claim) => Promise<void>,
): Promise<number[]> {
  const order: number[] = []
  const visits: Promise<void>[] = []
  const standing: { backend: LockBackend; claim: Claim }[] = []
  for (let i = 0; i < count; i += 1) {
    const backend = await openExperienced(t)
    const waiter = await stand(t, backend, held.key)
    standing.push({ backend, claim: waiter.claim })
    visits.push(
      waiter.grant.then(async () => {
        order.push(i)
        await backend.release(waiter.claim)
      }),
    )
  }
  for (const { backend, claim } of standing.slice(0, 2)) await meanwhile?.(backend, claim)
  await holder.release(held)
  await t.settled(Promise.all(visits), LONG_MS)
  return order
}

/** A client that has waited before: what one has to set up for its first wait would decide who comes first. */
export async function openExperienced(t: Trial): Promise<LockBackend> {
  const backend = await t.open()
  const claim = t.claim()
  await t.settled(begin(t, backend, claim).grant)
  await backend.release(claim)
  return backend
}
