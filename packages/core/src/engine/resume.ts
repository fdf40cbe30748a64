import type { LeaseHandle, ResumeOptions } from '../api.ts'
import type { Renewal } from '../contract.ts'
import { checkEach, checkRenewal } from './answers.ts'
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
  const { claim, terms: handed, fencingToken } = parseHandle(handle, engine.options)
  const terms = parseResume(handed, options)
  engine.assertRoomFor(1)
  const { answer, sentAt } = await engine.requests.ask({
    what: 'renew',
    claims: [claim],
    timeoutMs: Math.min(engine.options.requestTimeoutMs, terms.ttlMs),
    send: (backend) => backend.renew([claim], terms.ttlMs),
    check: (answers) => checkEach(answers, 1, checkRenewal),
  })
  const renewal = answer[0] as Renewal
  engine.assertOpen()
  if (renewal === 'unknown') throw engine.requests.noAnswer({ what: 'renew', claims: [claim] })
  if (renewal === 'gone') return undefined
  // Granted anew by a delayed duplicate of its acquire, and known to nobody.
  if (renewal.fencingToken !== fencingToken) return void engine.withdraw([claim])
  const known = engine.holds.valid(claim.key)
  // Taken up twice in one process, it is one lease.
  if (known?.claim.holder === claim.holder) {
    known.autoRenew ||= terms.autoRenew
    engine.holds.extend(known, renewal, sentAt)
    return known
  }
  const hold = engine.holds.begin(claim, terms, renewal, sentAt, true)
  if (hold) engine.tell('resumed', hold, {})
  return hold
}
