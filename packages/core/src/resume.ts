import { checkAnswers } from './answers.ts'
import type { LeaseHandle, ResumeOptions } from './api.ts'
import type { Engine } from './engine.ts'
import { parseHandle } from './handle.ts'
import type { Hold } from './hold.ts'
import { parseResume } from './options.ts'

/** Renews the claim of a handle, and begins a lease here with what the backend says; undefined where it is gone. */
export async function resume(
  engine: Engine,
  handle: LeaseHandle,
  options: ResumeOptions | undefined,
): Promise<Hold | undefined> {
  engine.assertHandOff()
  const { claim, terms, fencingToken } = parseHandle(handle, parseResume(engine.options, options))
  const { answer, sentAt } = await engine.requests.ask({
    what: 'renew',
    claims: [claim],
    timeoutMs: Math.min(engine.options.requestTimeoutMs, terms.ttlMs),
    onDecided: engine.reserve(1),
    send: (backend) => backend.renew([claim], terms.ttlMs),
    check: (answers) => checkAnswers(answers, 1),
  })
  const [renewal = 'unknown'] = answer
  engine.assertOpen()
  if (renewal === 'unknown')
    throw engine.requests.noAnswer({ what: 'renew', claims: [claim] }, 'no answer for this claim')
  if (renewal === 'gone' || renewal.fencingToken !== fencingToken) return undefined
  const since = renewal.since ?? sentAt
  const known = engine.holds.valid(claim.key)
  // Taken up twice in one process, it is one lease.
  if (known?.claim.holder === claim.holder) {
    engine.holds.extend(known, renewal, since)
    return known
  }
  const hold = engine.holds.begin(claim, terms, renewal, since, true)
  if (hold !== undefined) engine.emit({ type: 'resumed', key: claim.key, fencingToken })
  return hold
}
