import type { Claim, Renewal, RenewedClaim } from '@leasehold/core'
import { keyNames } from '../key-names.ts'
import { type AskReleases, type AskRenewals, type Part, partsOf } from '../parts.ts'
import { JointScripts } from './joint-scripts.ts'
import { slotOf } from './slot.ts'

/** All claims of a slot are one part, but for those of shares. */
export const inSlots = <C extends Claim>(namespace: string, claims: readonly C[]): Part<C>[] =>
  partsOf(claims, ({ key }) => slotOf(keyNames(namespace, key).hold))

/** Claims by the slots of their keys, and those of each slot in one script. */
export class SlotBatches {
  readonly #namespace: string
  readonly #renewals = new JointScripts<RenewedClaim, Renewal>()
  readonly #releases = new JointScripts<Claim, boolean>()

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  partsOf<C extends Claim>(claims: readonly C[]): Part<C>[] {
    return inSlots(this.#namespace, claims)
  }

  renew(part: Part<RenewedClaim>, ask: AskRenewals): Promise<readonly Renewal[]> {
    const alone = (claim: RenewedClaim) => ask([claim]).then(onlyRenewal, () => 'unknown' as const)
    return this.#renewals.ask(part, { together: ask, alone })
  }

  releaseAll(
    part: Part<Claim>,
    ask: AskReleases,
    alone: (claim: Claim) => Promise<boolean>,
  ): Promise<readonly boolean[]> {
    return this.#releases.ask(part, { together: ask, alone })
  }
}

const onlyRenewal = ([renewal]: readonly Renewal[]): Renewal => renewal ?? 'unknown'
