import type { Claim, Contended, Grant, LockBackend, Renewal, RenewedClaim, Terms } from '@leasehold/core'
import type {
  AcquireOperation,
  HoldTold,
  LockOperation,
  ReleaseOperation,
  RenewOperation,
} from '@leasehold/core/conformance'
import type { LeaseEntry } from './lease-book.ts'

/** Ticks of the history's clock, which is true time, in a millisecond. */
export const TICKS_PER_MS = 1_000_000_000

type Written<T> = { -readonly [name in keyof T]: T[name] }
type Acquire = Written<AcquireOperation>
type Claimed = Pick<AcquireOperation, 'process' | 'key' | 'holder' | 'called'>

/** What the processes of a run asked the lock server, and what they were answered: a history for `searchHistory`. Nobody looks into the server for it. */
export class OperationLog {
  readonly #nowMs: () => number
  readonly #operations: LockOperation[] = []
  readonly #acquires = new Map<string, Acquire[]>()
  /** Ids differ from run to run: claims are named by the process that asked first, and numbered. */
  readonly #names = new Map<string, string>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** With how long the leases that came of the grants were valid, as their processes saw it: the last moment in which each was. */
  finish(leases: readonly LeaseEntry[], holderOf: (lease: LeaseEntry) => string | undefined): readonly LockOperation[] {
    for (const lease of leases) {
      const { lastValidMs, key, token } = lease
      const holder = holderOf(lease)
      if (lastValidMs === undefined || holder === undefined) continue
      const grant = this.#acquires
        .get(`${key}/${this.#names.get(holder)}`)
        ?.findLast(({ answer }) => isFor(answer, token))
      if (grant !== undefined) grant.validUntil = later(grant.validUntil, ticks(lastValidMs))
    }
    return this.#operations
  }

  /** All holds of these keys were lost. */
  cleared(keys: readonly string[]): void {
    const now = this.#now()
    for (const key of keys)
      this.#operations.push({ type: 'clear', process: 'server', key, called: now, returned: now, answer: 'done' })
  }

  /** The same backend, whose requests are noted. `duplicates`: how many requests the network has doubled so far; the second may take effect at any time, too. */
  backendOf(process: string, inner: Noted, duplicates: () => number): LockBackend {
    const sent = <R, C extends Claim>(claims: readonly C[], send: () => Promise<R>, note: Note<R, C>): Promise<R> => {
      const called = this.#now()
      const before = duplicates()
      const reply = send()
      const asked = claims.map((claim) => ({
        claimed: { process, key: claim.key, holder: this.#name(process, claim.holder), called },
        claim,
      }))
      const noted = asked.map(({ claimed, claim }) => note(claimed, claim))
      if (duplicates() > before) for (const { claimed, claim } of asked) note(claimed, claim)
      const settle = (answer: R) => noted.forEach((each, index) => void each(answer, index, this.#now()))
      // The caller gets the promise itself: what is noted must not change what happens.
      reply.then(settle, () => {})
      return reply
    }
    return {
      name: inner.name,
      capabilities: inner.capabilities,
      tryAcquire: (claim, terms) =>
        sent([claim], () => inner.tryAcquire(claim, terms), this.#acquiring(terms, answerItself)),
      tryAcquireAll: (claims, terms) =>
        sent(claims, () => inner.tryAcquireAll(claims, terms), this.#acquiring(terms, answerInGroup)),
      waitForTurn: (claim, terms, signal) =>
        sent([claim], () => inner.waitForTurn(claim, terms, signal), this.#acquiring(terms, answerItself, signal)),
      renew: (renewals) => sent(renewals, () => inner.renew(renewals), this.#renewing),
      release: (claim) => sent([claim], () => inner.release(claim), this.#releasing),
      inspect: (key) => inner.inspect(key),
      close: () => inner.close(),
    }
  }

  #acquiring<R>(
    { ttlMs }: Terms,
    answerOf: (answer: R, index: number) => Grant | Contended | undefined,
    wait?: AbortSignal,
  ): Note<R> {
    return (claimed, { share }) => {
      const waits = wait !== undefined
      const operation: Acquire = { ...claimed, type: 'acquire', share, waits, ttl: ticks(ttlMs), answer: 'unknown' }
      this.#operations.push(operation)
      const name = `${claimed.key}/${claimed.holder}`
      this.#acquires.set(name, [...(this.#acquires.get(name) ?? []), operation])
      return (all, index, returned) => {
        const answer = answerOf(all, index)
        // A wait that was called off may be granted the key as long as the server has not heard of it.
        if (answer !== undefined || wait?.aborted === false) operation.returned = returned
        if (answer !== undefined) answered(operation, answer)
      }
    }
  }

  readonly #renewing: Note<readonly Renewal[], RenewedClaim> = (claimed, { ttlMs }) => {
    const operation: Written<RenewOperation> = { ...claimed, type: 'renew', ttl: ticks(ttlMs), answer: 'unknown' }
    this.#operations.push(operation)
    return (answers, index, returned) => {
      const answer = answers[index]
      if (answer === undefined || answer === 'unknown') return
      operation.returned = returned
      operation.answer = typeof answer === 'string' ? 'gone' : toldBy(answer)
    }
  }

  readonly #releasing: Note<boolean> = (claimed) => {
    const operation: Written<ReleaseOperation> = { ...claimed, type: 'release', answer: 'unknown' }
    this.#operations.push(operation)
    return (ended, _, returned) => {
      operation.returned = returned
      operation.answer = ended ? 'released' : 'not-held'
    }
  }

  #name(process: string, id: string): string {
    const name = this.#names.get(id) ?? `${process}.${this.#names.size + 1}`
    this.#names.set(id, name)
    return name
  }

  #now(): bigint {
    return ticks(this.#nowMs())
  }
}

/** The operations of a backend that are noted, and the others that it has. */
type Noted = Required<
  Pick<LockBackend, 'tryAcquire' | 'tryAcquireAll' | 'waitForTurn' | 'renew' | 'release' | 'inspect' | 'close'>
> &
  LockBackend

/** Notes an operation as one without an answer. What it returns notes the answer. */
type Note<R, C = Claim> = (claimed: Claimed, claim: C) => (answer: R, index: number, returned: bigint) => void

function answered(operation: Acquire, answer: Grant | Contended): void {
  operation.answer = answer.granted ? toldBy(answer) : 'contended'
  if (answer.granted) operation.ttl = ticks(answer.ttlMs)
}

const answerItself = (answer: Grant | Contended | undefined) => answer

/** That some of the keys could not be had says nothing of any one. */
const answerInGroup = (answers: readonly Grant[] | Contended, index: number): Grant | undefined =>
  Array.isArray(answers) ? answers[index] : undefined

const ticks = (ms: number): bigint => BigInt(Math.round(ms * TICKS_PER_MS))

const later = (one: bigint | undefined, other: bigint): bigint => (one === undefined || other > one ? other : one)

const toldBy = ({ fencingToken, slots, reserved }: Grant): HoldTold => ({ fencingToken, slots, reserved })

const isFor = (answer: AcquireOperation['answer'], token: bigint): boolean =>
  typeof answer === 'object' &&
  token >= answer.fencingToken &&
  token <= answer.fencingToken + BigInt(answer.reserved ?? 0)
