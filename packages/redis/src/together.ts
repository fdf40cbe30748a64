import type { Claim, Contended, Grant } from '@leasehold/core'
import { acquireParts } from './cluster/acquire-parts.ts'
import { isAcrossSlots } from './cluster/across-slots.ts'
import { type AskGrants, anywhere, askParts, type Part, partsOf } from './parts.ts'

type ByKind = <C extends Claim>(claims: readonly C[]) => Part<C>[]

/** Batches to one server: one script for all claims, and another one for shares. From the first time that it refuses keys of several slots in one script, one for each slot. */
export class Together {
  readonly #inSlots: ByKind
  #keepsToSlots = false

  constructor(inSlots: ByKind) {
    this.#inSlots = inSlots
  }

  partsOf<C extends Claim>(claims: readonly C[]): Part<C>[] {
    return this.#keepsToSlots ? this.#inSlots(claims) : partsOf(claims, anywhere)
  }

  refused(error: unknown): void {
    if (isAcrossSlots(error)) this.#keepsToSlots = true
  }

  /** `inSlot`: in place of `ask`, where the server keeps to slots. */
  ask<C extends Claim, A>(
    claims: readonly C[],
    ask: (claims: readonly C[]) => Promise<readonly A[]>,
    inSlot = (part: Part<C>): Promise<readonly A[]> => ask(part.claims),
  ): Promise<readonly A[]> {
    if (this.#keepsToSlots) return askParts(this.#inSlots(claims), inSlot)
    const orApart = (alike: readonly C[]) =>
      ask(alike).catch((error: unknown) => {
        this.#heed(error)
        return askParts(this.#inSlots(alike), inSlot)
      })
    return askParts(partsOf(claims, anywhere), (part) => orApart(part.claims))
  }

  acquireAll(
    claims: readonly Claim[],
    ask: AskGrants,
    release: (claims: readonly Claim[]) => Promise<unknown>,
  ): Promise<readonly Grant[] | Contended> {
    const apart = () => acquireParts(this.#inSlots(claims), ask, release)
    if (this.#keepsToSlots) return apart()
    return acquireParts(partsOf(claims, anywhere), ask, release).catch((error: unknown) => {
      this.#heed(error)
      return apart()
    })
  }

  #heed(error: unknown): void {
    if (!isAcrossSlots(error)) throw error
    this.refused(error)
  }
}
