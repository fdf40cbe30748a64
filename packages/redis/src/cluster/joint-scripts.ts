import type { Claim } from '@leasehold/core'
import { MOST_CLAIMS, type Part } from '../parts.ts'
import { isHalfway } from './halfway.ts'

/** How claims are asked for in one script, and how one is where only what names a single key is served. */
export interface Asking<C extends Claim, A> {
  together(claims: readonly C[]): Promise<readonly A[]>
  alone(claim: C): Promise<A>
}

interface Gathering<C extends Claim, A> {
  readonly claims: C[]
  readonly answers: Promise<readonly A[]>
}

/**
 * What is asked for in one turn of the event loop, in the same group, becomes one script: the engine asks for many leases in several batches, of which each has a few claims in
 * every group.
 */
export class JointScripts<C extends Claim, A> {
  /** By group. */
  readonly #gathering = new Map<number, Gathering<C, A>>()

  async ask({ group, claims }: Pick<Part<C>, 'group' | 'claims'>, asking: Asking<C, A>): Promise<readonly A[]> {
    let script = this.#gathering.get(group)
    if (script === undefined || script.claims.length + claims.length > MOST_CLAIMS) script = this.#begin(group, asking)
    const first = script.claims.push(...claims) - claims.length
    return (await script.answers).slice(first, first + claims.length)
  }

  #begin(group: number, asking: Asking<C, A>): Gathering<C, A> {
    const claims: C[] = []
    const answers = Promise.resolve().then(() => {
      if (this.#gathering.get(group) === script) this.#gathering.delete(group)
      return askGroup(claims, asking)
    })
    const script = { claims, answers }
    this.#gathering.set(group, script)
    return script
  }
}

/** While a slot is on its way, only what names one of its keys is always served: nothing was done, so each is asked for by itself. */
async function askGroup<C extends Claim, A>(claims: readonly C[], asking: Asking<C, A>): Promise<readonly A[]> {
  try {
    return await asking.together(claims)
  } catch (error) {
    if (!isHalfway(error)) throw error
    return Promise.all(claims.map((claim) => asking.alone(claim)))
  }
}
