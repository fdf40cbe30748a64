import type { Claim, Inspection, RenewedClaim, Share, Terms } from '@leasehold/core'
import { inspectionOf, releasesOf, renewalsOf } from '../answers.ts'
import { allNames, keyNames } from '../key-names.ts'
import { askParts, partsOf } from '../parts.ts'
import type { Reach } from '../reach.ts'
import type { Script } from '../script.ts'
import { renew, renewArguments } from '../scripts/renew.ts'
import type { Ask, Kept, QuorumNode, Refusal, Stake, Vote } from './node.ts'
import { inspect } from './scripts/inspect.ts'
import { join } from './scripts/join.ts'
import { release } from './scripts/release.ts'
import { restore } from './scripts/restore.ts'
import { joinForShare } from './scripts/shares/join.ts'
import { releaseShares } from './scripts/shares/release.ts'
import { renewShareArguments, renewShares } from './scripts/shares/renew.ts'
import { restoreShares } from './scripts/shares/restore.ts'
import { voteForShare } from './scripts/shares/vote.ts'
import { withdrawShare } from './scripts/shares/withdraw.ts'
import { vote } from './scripts/vote.ts'
import { withdraw } from './scripts/withdraw.ts'
import type { ServerLife } from './server-life.ts'
import type { WaitingNode } from './wait.ts'

type VoteReply = readonly [granted: 1, token: string, ttlMs: number, clockUs: string, kept: 0 | 1]
type RefusalReply = readonly [granted: 0, rank: string, remainingMs: number, clockUs: string]
type ShownReply = readonly [token: string, remainingMs: number, metadata: string, kind?: 'shared']

/** One Redis of a quorum. Whole keys have scripts of their own, so that they cost what they cost without shares. */
export class QuorumMember implements QuorumNode, WaitingNode {
  readonly #reach: Reach
  readonly #life: ServerLife
  readonly #namespace: string

  constructor(reach: Reach, life: ServerLife, namespace: string) {
    this.#reach = reach
    this.#life = life
    this.#namespace = namespace
  }

  async vote(
    { key, holder, share }: Claim,
    { ttlMs, metadata = '' }: Terms,
    { proposal, raise, attempt }: Ask,
  ): Promise<Vote | Refusal> {
    const args = [holder, ttlMs, metadata, attempt, String(proposal), raise ? 1 : 0]
    const asked = this.#reach.scripts.run(share ? voteForShare : vote, this.#names(key), args)
    const reply = (await asked) as VoteReply | RefusalReply
    const clockUs = Number(reply[3])
    if (reply[0] === 0) return { granted: false, rank: reply[1], remainingMs: reply[2], clockUs }
    const { counts } = this.#life
    return { granted: true, token: BigInt(reply[1]), ttlMs: reply[2], counts, kept: reply[4] === 1, clockUs }
  }

  renew(renewals: readonly RenewedClaim[]): Promise<readonly (Stake | undefined)[]> {
    return askParts(partsOf(renewals, atThisNode), ({ claims }) => this.#renewAlike(claims))
  }

  async #renewAlike(renewals: readonly RenewedClaim[]): Promise<readonly (Stake | undefined)[]> {
    const holds = renewals.map(({ key }) => keyNames(this.#namespace, key).hold)
    const asked = renewals[0]?.share
      ? this.#reach.scripts.run(renewShares, holds, renewShareArguments(renewals))
      : this.#reach.scripts.run(renew, holds, renewArguments(renewals.map(({ fencingToken: _, ...own }) => own)))
    return renewalsOf(await asked).map((each) =>
      typeof each === 'object' ? { token: each.fencingToken, ttlMs: each.ttlMs } : undefined,
    )
  }

  async restore(kept: readonly Kept[]): Promise<void> {
    const whole = kept.filter(({ claim }) => !claim.share)
    const shared = kept.filter(({ claim }) => claim.share)
    await Promise.all([this.#restoreAlike(restore, whole), this.#restoreAlike(restoreShares, shared)])
  }

  async #restoreAlike(script: Script, kept: readonly Kept[]): Promise<void> {
    if (kept.length === 0) return
    const names = kept.flatMap(({ claim }) => this.#names(claim.key).slice(0, 2))
    const args = kept.flatMap(({ claim, token }) => [claim.holder, claim.ttlMs, String(token)])
    await this.#reach.scripts.run(script, names, args)
  }

  release(claims: readonly Claim[]): Promise<readonly boolean[]> {
    return askParts(partsOf(claims, atThisNode), ({ claims: alike }) => this.#releaseAlike(alike))
  }

  async #releaseAlike(claims: readonly Claim[]): Promise<readonly boolean[]> {
    const names = claims.flatMap(({ key }) => this.#names(key))
    const args = [this.#namespace, ...claims.map(({ holder }) => holder)]
    return releasesOf(await this.#reach.scripts.run(claims[0]?.share ? releaseShares : release, names, args))
  }

  async withdraw({ key, holder, share }: Claim, attempt: number): Promise<void> {
    const names = [keyNames(this.#namespace, key).hold]
    await this.#reach.scripts.run(share ? withdrawShare : withdraw, names, [holder, attempt])
  }

  async inspect(key: string): Promise<readonly Inspection[]> {
    const shown = await this.#reach.scripts.run(inspect, [keyNames(this.#namespace, key).hold], [])
    return (shown as ShownReply[]).flatMap(([token, remainingMs, metadata, kind]) => {
      const held = inspectionOf([token, remainingMs, metadata])
      return held ? withKind(held, kind) : []
    })
  }

  expect({ key, holder }: Claim, hear: () => void): () => void {
    return this.#reach.turns.expect(key, holder, (turn) => {
      // What may have been missed shows at the next look.
      if (turn !== undefined) hear()
    })
  }

  async join({ key, holder, share }: Claim, isWanted: () => boolean): Promise<number> {
    // What is told from then on is heard.
    await this.#reach.turns.listening(key)
    // Released meanwhile: behind that, it would stand in line for nobody.
    if (!isWanted()) throw new Error('the wait is over')
    const { scripts, turns } = this.#reach
    return Number(await scripts.run(share ? joinForShare : join, this.#names(key), [holder, turns.process]))
  }

  close(): Promise<void> {
    return this.#reach.close()
  }

  #names(key: string): string[] {
    return allNames(keyNames(this.#namespace, key))
  }
}

/** One script for all that are alike, wherever their keys are. */
const atThisNode = (): number => 0

const withKind = (held: Inspection, kind: Share['kind'] | undefined): Inspection =>
  kind === 'shared' ? { ...held, share: { kind } } : held
