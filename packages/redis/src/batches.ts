import type { Claim, Contended, Grant, Renewal, RenewedClaim, Terms } from '@leasehold/core'
import { type Attempt, attemptOf, attemptsOf, endingsOf, failureIn, renewalsOf, shareRenewalsOf } from './answers.ts'
import { withReasons } from './forced.ts'
import { allNames, keyNames } from './key-names.ts'
import type { AskedClaim, JoiningClaim } from './one-turn.ts'
import { assertWanted, type ScriptArgument, type Scripts } from './script.ts'
import { acquire } from './scripts/acquire.ts'
import { acquireAll } from './scripts/acquire-all.ts'
import { acquireEach } from './scripts/acquire-each.ts'
import { join } from './scripts/join.ts'
import { joinEach } from './scripts/join-each.ts'
import { releaseAll } from './scripts/release-all.ts'
import { renew, renewArguments } from './scripts/renew.ts'
import { acquireShare } from './scripts/shares/acquire.ts'
import { acquireShareOfEach } from './scripts/shares/acquire-each.ts'
import { joinShare } from './scripts/shares/join.ts'
import { joinShareOfEach } from './scripts/shares/join-each.ts'
import { releaseShares } from './scripts/shares/release.ts'
import { renewShares } from './scripts/shares/renew.ts'
import { joinArguments, shareArguments } from './share-arguments.ts'

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

  async attempt({ key, holder, ttlMs, metadata = '', share }: AskedClaim): Promise<Attempt> {
    const args: ScriptArgument[] = [this.#namespace, holder, ttlMs, metadata]
    if (share) args.push(...shareArguments(share))
    const names = allNames(keyNames(this.#namespace, key))
    return attemptOf(await this.#scripts.grant(share ? acquireShare : acquire, names, args), ttlMs, share)
  }

  /** Of several who have nothing to do with each other: an answer for each, or why there is none. */
  async attempts(asked: readonly AskedClaim[]): Promise<readonly (Attempt | Error)[]> {
    const args: ScriptArgument[] = [this.#namespace]
    for (const { holder, ttlMs, metadata = '', share } of asked) {
      args.push(holder, ttlMs, metadata)
      if (share) args.push(...shareArguments(share))
    }
    const script = areShares(asked) ? acquireShareOfEach : acquireEach
    return attemptOfEach(await this.#scripts.grant(script, this.#names(asked), args), asked)
  }

  async join(asked: JoiningClaim): Promise<Attempt> {
    // It may have been released while others were refused beside it: behind that, it would stand in line for nobody, or take the key.
    assertWanted(asked)
    const { key, ttlMs, share } = asked
    const args = [this.#namespace, ...joinArguments(asked)]
    const names = allNames(keyNames(this.#namespace, key))
    return attemptOf(await this.#scripts.grant(share ? joinShare : join, names, args, asked), ttlMs, share)
  }

  /** Of several who have nothing to do with each other, as `attempts`. */
  async joins(asked: readonly JoiningClaim[]): Promise<readonly (Attempt | Error)[]> {
    const args = [this.#namespace, ...asked.flatMap(joinArguments)]
    const script = areShares(asked) ? joinShareOfEach : joinEach
    const isWanted = () => asked.every((each) => each.isWanted())
    return attemptOfEach(await this.#scripts.grant(script, this.#names(asked), args, { isWanted }), asked)
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

  /** Rejects where it is not known of each. */
  async release(claims: readonly Claim[]): Promise<readonly boolean[]> {
    return (await this.releases(claims)).map((each) => {
      if (each instanceof Error) throw each
      return each
    })
  }

  /** Of several who have nothing to do with each other, as `attempts`. */
  async releases(claims: readonly Claim[]): Promise<readonly (boolean | Error)[]> {
    const script = areShares(claims) ? releaseShares : releaseAll
    const args = [this.#namespace, ...holdersOf(claims)]
    return endingsOf(await this.#scripts.run(script, this.#names(claims), args))
  }

  #names(claims: readonly Claim[]): string[] {
    return claims.flatMap(({ key }) => allNames(keyNames(this.#namespace, key)))
  }
}

const attemptOfEach = (answer: unknown, asked: readonly AskedClaim[]): (Attempt | Error)[] =>
  asked.map(({ ttlMs, share }, nth) => {
    const own = (answer as readonly string[])[nth]
    return failureIn(own) ?? attemptOf(own, ttlMs, share)
  })

const areShares = ([claim]: readonly Claim[]): boolean => claim?.share !== undefined

const holdersOf = (claims: readonly Claim[]): string[] => claims.map(({ holder }) => holder)
