import type { Claim, Renewal } from '@leasehold/core'
import { isHalfway } from './halfway.ts'
import type { Part } from './parts.ts'

/** In one script, which stops its server meanwhile: no more than the engine asks for at once. */
const MOST_CLAIMS = 500

type Renew = (claims: readonly Claim[]) => Promise<readonly Renewal[]>

interface Script {
  readonly claims: Claim[]
  readonly answers: Promise<readonly Renewal[]>
}

/**
 * What is asked for in one turn of the event loop, in the same slot and for the same TTL, becomes one script: the engine asks for many leases in several
 * batches, of which each has a few claims in every slot.
 */
export class JointRenewals {
  /** By slot and TTL. */
  readonly #gathering = new Map<string, Script>()

  async renew({ slot, claims }: Part, ttlMs: number, renew: Renew): Promise<readonly Renewal[]> {
    const name = `${slot} ${ttlMs}`
    let script = this.#gathering.get(name)
    if (script === undefined || script.claims.length + claims.length > MOST_CLAIMS) script = this.#begin(name, renew)
    const first = script.claims.push(...claims) - claims.length
    return (await script.answers).slice(first, first + claims.length)
  }

  #begin(name: string, renew: Renew): Script {
    const claims: Claim[] = []
    const answers = Promise.resolve().then(() => {
      if (this.#gathering.get(name) === script) this.#gathering.delete(name)
      return renewSlot(claims, renew)
    })
    const script = { claims, answers }
    this.#gathering.set(name, script)
    return script
  }
}

/** While a slot is on its way, only what names one of its keys is always served: nothing was renewed, so each is asked for by itself. */
async function renewSlot(claims: readonly Claim[], renew: Renew): Promise<readonly Renewal[]> {
  try {
    return await renew(claims)
  } catch (error) {
    if (!isHalfway(error)) throw error
    const alone = claims.map((claim) => renew([claim]).catch(() => ['unknown' as const]))
    return (await Promise.all(alone)).flat()
  }
}
