import type { Claim, Terms } from '@leasehold/core'
import type { Attempt } from './answers.ts'
import { isAcrossSlots } from './cluster/across-slots.ts'
import { isHalfway } from './cluster/halfway.ts'
import type { Part } from './parts.ts'
import { isUnwanted } from './script.ts'

/** So many claims in one script at most: whoever else asks the server waits for it. */
export const MOST_TOGETHER = 64

/** A claim, and what is asked for it. */
export interface AskedClaim extends Claim, Pick<Terms, 'ttlMs' | 'metadata'> {}

/** One that is to stand in line, or to say that it lives. */
export interface JoiningClaim extends AskedClaim {
  /** As the server tells it from others. */
  readonly process: string
  /** Whether anybody waits for it still. */
  isWanted(): boolean
}

/** How several claims are asked for in one script, and one by itself. */
export interface Asking<C extends Claim, A> {
  partsOf(claims: readonly C[]): Part<C>[]
  /** An answer for each, or why there is none. */
  together(claims: readonly C[]): Promise<readonly (A | Error)[]>
  alone(claim: C): Promise<A>
  /** A script for several was refused, before it did anything. */
  refused(error: unknown): void
}

interface Asked<C, A> {
  readonly claim: C
  resolve(answer: A): void
  reject(error: unknown): void
}

/** Nothing was done: some of the keys are elsewhere, or not permitted, or some of the claims were given up. */
const isForOne = (error: unknown): boolean =>
  isAcrossSlots(error) ||
  isHalfway(error) ||
  isUnwanted(error) ||
  (error instanceof Error && error.message.startsWith('NOPERM'))

/** Claims that were asked for in this turn of the event loop. */
class Gathered<C extends Claim, A> {
  readonly #asking: Asking<C, A>
  readonly #holders = new Set<string>()
  /** By key, whether it is a part that was asked for last. */
  readonly #kinds = new Map<string, boolean>()
  #all: Asked<C, A>[] = []

  constructor(asking: Asking<C, A>) {
    this.#asking = asking
  }

  get size(): number {
    return this.#all.length
  }

  has({ holder }: Claim): boolean {
    return this.#holders.has(holder)
  }

  /** Whole keys and parts are asked for by different scripts. */
  hasOtherKindOf({ key, share }: Claim): boolean {
    return this.#kinds.get(key) === (share === undefined)
  }

  add(claim: C): Promise<A> {
    this.#holders.add(claim.holder)
    this.#kinds.set(claim.key, claim.share !== undefined)
    return new Promise((resolve, reject) => this.#all.push({ claim, resolve, reject }))
  }

  send(): void {
    const all = this.#all
    if (all.length === 0) return
    this.#all = []
    this.#holders.clear()
    this.#kinds.clear()
    if (all.length > 1) this.#apart(all)
    else this.#ask(all)
  }

  #apart(all: readonly Asked<C, A>[]): void {
    for (const { indices } of this.#asking.partsOf(all.map(({ claim }) => claim)))
      for (let at = 0; at < indices.length; at += MOST_TOGETHER)
        this.#ask(indices.slice(at, at + MOST_TOGETHER).map((index) => all[index] as Asked<C, A>))
  }

  #ask(all: readonly Asked<C, A>[]): void {
    const [first] = all
    if (first && all.length === 1) this.#alone(first)
    else this.#together(all)
  }

  #alone({ claim, resolve, reject }: Asked<C, A>): void {
    this.#asking.alone(claim).then(resolve, reject)
  }

  #together(all: readonly Asked<C, A>[]): void {
    const answered = (answers: readonly (A | Error)[]) => {
      for (const [nth, { resolve, reject }] of all.entries()) {
        const answer = answers[nth] as A | Error
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
    }
    const failed = (error: unknown) => {
      if (isForOne(error)) this.#asking.refused(error)
      for (const each of all)
        if (isForOne(error)) this.#alone(each)
        else each.reject(error)
    }
    this.#asking.together(all.map(({ claim }) => claim)).then(answered, failed)
  }
}

/** What is asked for in one turn of the event loop is one script: to make, to send and to run one for each takes several times as long. */
export class OneTurn {
  readonly #attempts: Gathered<AskedClaim, Attempt>
  readonly #releases: Gathered<Claim, boolean>
  readonly #joins: Gathered<JoiningClaim, Attempt>

  constructor(
    attempts: Asking<AskedClaim, Attempt>,
    releases: Asking<Claim, boolean>,
    joins: Asking<JoiningClaim, Attempt>,
  ) {
    this.#attempts = new Gathered(attempts)
    this.#releases = new Gathered(releases)
    this.#joins = new Gathered(joins)
  }

  attempt(claim: AskedClaim): Promise<Attempt> {
    this.#begin()
    return this.#attempts.add(claim)
  }

  release(claim: Claim): Promise<boolean> {
    this.sendBefore([claim])
    this.#begin()
    return this.#releases.add(claim)
  }

  join(claim: JoiningClaim): Promise<Attempt> {
    // Who comes first stands first in line, whatever it wants of the key.
    if (this.#joins.hasOtherKindOf(claim)) this.send()
    this.#begin()
    return this.#joins.add(claim)
  }

  /** Claims that are given up in the turn in which they were asked for: in the other order, nobody would ever give them back. */
  sendBefore(claims: readonly Claim[]): void {
    if (claims.some((claim) => this.#attempts.has(claim) || this.#joins.has(claim))) this.send()
  }

  /** What was asked for until now, before anything else. Whoever gives a key back and asks for it is to find it free. */
  send(): void {
    this.#releases.send()
    this.#attempts.send()
    this.#joins.send()
  }

  #begin(): void {
    if (this.#attempts.size + this.#releases.size + this.#joins.size === 0) process.nextTick(() => this.send())
  }
}
