import type { LeaseHandle, ResumeOptions } from './api.ts'
import type { Engine } from './engine.ts'
import { LeaseholdError } from './errors.ts'
import { parseHandle } from './handle.ts'
import type { Hold } from './hold.ts'
import { parseTerms } from './options.ts'

/** Renews the claim of a handle, and begins a lease here with what the backend says; undefined where it is gone. */
export async function resume(
  engine: Engine,
  handle: LeaseHandle,
  options: ResumeOptions | undefined,
): Promise<Hold | undefined> {
  const { backend, clock, requests } = engine
  if (!backend.capabilities.handOff)
    throw new LeaseholdError('UNSUPPORTED', `${backend.name} cannot take up a lease of another process`)
  const { claim, terms, fencingToken } = parseHandle(handle, parseTerms(engine.options, options))
  const sentAt = clock.now()
  const [answer] = await requests.ask({
    what: 'renew',
    claims: [claim],
    timeoutMs: Math.min(engine.options.requestTimeoutMs, terms.ttlMs),
    send: () => backend.renew([claim], terms.ttlMs),
  })
  engine.assertOpen()
  if (answer === undefined || answer === 'unknown')
    throw requests.noAnswer({ what: 'renew', claims: [claim] }, 'it said nothing of this claim')
  if (answer === 'gone' || answer.fencingToken !== fencingToken) return undefined
  const hold = engine.holds.begin(claim, terms, answer, answer.since ?? sentAt)
  if (hold !== undefined) engine.emit({ type: 'resumed', key: claim.key, fencingToken })
  return hold
}
