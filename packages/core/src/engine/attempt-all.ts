import type { Contended, Grant, LockBackend } from '../contract.ts'
import { checkAnswer, checkEach, checkGrant, isGrants } from './answers.ts'
import { timeoutMs } from './bench.ts'
import { asked, type HoldTerms } from './options.ts'
import { type Answered, ask } from './requests.ts'
import type { Server, ServerClaim } from './server-claim.ts'

type AnswerToAll = readonly Grant[] | Contended

/** One attempt for several claims, atomic at the server, of a backend that has this operation. An answer that takes longer than the TTL is of no use. */
export function attemptAll(
  server: Server,
  wanted: readonly ServerClaim[],
  terms: HoldTerms,
): Promise<Answered<AnswerToAll>> {
  const claims = wanted.map(({ claim }) => claim)
  return ask<AnswerToAll>(server, {
    what: 'acquire',
    claims,
    timeoutMs: timeoutMs(server, terms.ttlMs),
    send: (backend) => (backend.tryAcquireAll as NonNullable<LockBackend['tryAcquireAll']>)(claims, asked(terms)),
    check: (answer) => (isGrants(answer) ? checkEach(answer, claims, checkGrant) : checkAnswer(answer)),
    onLate: ({ answer }) => {
      if (isGrants(answer)) for (const claim of wanted) claim.grantedLate()
    },
    onEnd: (answer, error) => {
      for (const claim of wanted) claim.learn(answer && isGrants(answer), error)
    },
  })
}
