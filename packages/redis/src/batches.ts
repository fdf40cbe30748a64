import type { Claim, Contended, Grant, Renewal, RenewedClaim, Terms } from '@leasehold/core'
import { attemptsOf, releasesOf, renewalsOf, shareRenewalsOf } from './answers.ts'
import { withReasons } from './forced.ts'
import { allNames, keyNames } from './key-names.ts'
import type { Scripts } from './script.ts'
import { acquireAll } from './scripts/acquire-all.ts'
import { releaseAll } from './scripts/release-all.ts'
import { renew, renewArguments } from './scripts/renew.ts'
import { releaseShares } from './scripts/shares/release.ts'
import { renewShares } from './scripts/shares/renew.ts'

/** Of many claims, one script for all of them: they are on keys of one slot, and all of them of shares, or none. */
export class Batches {
  readonly #scripts: Scripts
  readonly #namespace: string

  constructor(scripts: Scripts, namespace: string) {
    this.#scripts = scripts
    this.#namespace = namespace
  }

  async acquire(claims: readonly Claim[], { ttlMs, metadata = '' }: Terms): Promise<readonly Grant[] | Contended> {
    const args = [this.#namespace, ttlMs, metadata, ...holdersOf(claims)]
    return attemptsOf(await this.#scripts.grant(acquireAll, this.#names(claims), args), ttlMs)
  }

  async renew(renewals: readonly RenewedClaim[]): Promise<readonly Renewal[]> {
    return withReasons(this.#scripts, this.#namespace, renewals, await this.#renewed(renewals))
  }

  async #renewed(renewals: readonly RenewedClaim[]): Promise<readonly Renewal[]> {
    const holds = renewals.map(({ key }) => keyNames(this.#namespace, key).hold)
    const args = renewArguments(renewals)
    if (!areShares(renewals)) return renewalsOf(await this.#scripts.grant(renew, holds, args))
    return shareRenewalsOf(await this.#scripts.grant(renewShares, holds, args))
  }

  async release(claims: readonly Claim[]): Promise<readonly boolean[]> {
    const script = areShares(claims) ? releaseShares : releaseAll
    const args = [this.#namespace, ...holdersOf(claims)]
    return releasesOf(await this.#scripts.run(script, this.#names(claims), args))
  }

  #names(claims: readonly Claim[]): string[] {
    return claims.flatMap(({ key }) => allNames(keyNames(this.#namespace, key)))
  }
}

const areShares = ([claim]: readonly Claim[]): boolean => claim?.share !== undefined

const holdersOf = (claims: readonly Claim[]): string[] => claims.map(({ holder }) => holder)
