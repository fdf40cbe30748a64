import type { Claim, Inspection, RenewedClaim, Terms } from '@leasehold/core'
import { inspectionOf, releasesOf, renewalsOf } from '../answers.ts'
import { allNames, keyNames } from '../key-names.ts'
import type { Reach } from '../reach.ts'
import { inspect } from '../scripts/inspect.ts'
import { renew, renewArguments } from '../scripts/renew.ts'
import type { Ask, Kept, QuorumNode, Refusal, Stake, Vote } from './node.ts'
import { join } from './scripts/join.ts'
import { release } from './scripts/release.ts'
import { restore } from './scripts/restore.ts'
import { vote } from './scripts/vote.ts'
import { withdraw } from './scripts/withdraw.ts'
import type { ServerLife } from './server-life.ts'
import type { WaitingNode } from './wait.ts'

type VoteReply = readonly [granted: 1, token: string, ttlMs: number, clockUs: string, kept: 0 | 1]
type RefusalReply = readonly [granted: 0, rank: string, remainingMs: number, clockUs: string]

/** One Redis of a quorum. */
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
    { key, holder }: Claim,
    { ttlMs, metadata = '' }: Terms,
    { proposal, raise, attempt }: Ask,
  ): Promise<Vote | Refusal> {
    const args = [holder, ttlMs, metadata, attempt, String(proposal), raise ? 1 : 0]
    const reply = (await this.#reach.scripts.run(vote, this.#names(key), args)) as VoteReply | RefusalReply
    const clockUs = Number(reply[3])
    if (reply[0] === 0) return { granted: false, rank: reply[1], remainingMs: reply[2], clockUs }
    const { counts } = this.#life
    return { granted: true, token: BigInt(reply[1]), ttlMs: reply[2], counts, kept: reply[4] === 1, clockUs }
  }

  async renew(renewals: readonly RenewedClaim[]): Promise<readonly (Stake | undefined)[]> {
    const holds = renewals.map(({ key }) => keyNames(this.#namespace, key).hold)
    const renewed = renewalsOf(
      await this.#reach.scripts.run(renew, holds, renewArguments(renewals.map(({ fencingToken: _, ...own }) => own))),
    )
    return renewed.map((each) =>
      typeof each === 'object' ? { token: each.fencingToken, ttlMs: each.ttlMs } : undefined,
    )
  }

  async restore(kept: readonly Kept[]): Promise<void> {
    const names = kept.flatMap(({ claim }) => allNames(keyNames(this.#namespace, claim.key)).slice(0, 2))
    const args = kept.flatMap(({ claim, token }) => [claim.holder, claim.ttlMs, String(token)])
    await this.#reach.scripts.run(restore, names, args)
  }

  async release(claims: readonly Claim[]): Promise<readonly boolean[]> {
    const names = claims.flatMap(({ key }) => this.#names(key))
    const args = [this.#namespace, ...claims.map(({ holder }) => holder)]
    return releasesOf(await this.#reach.scripts.run(release, names, args))
  }

  async withdraw({ key, holder }: Claim, attempt: number): Promise<void> {
    await this.#reach.scripts.run(withdraw, [keyNames(this.#namespace, key).hold], [holder, attempt])
  }

  async inspect(key: string): Promise<Inspection | undefined> {
    return inspectionOf(await this.#reach.scripts.run(inspect, [keyNames(this.#namespace, key).hold], []))
  }

  expect({ key, holder }: Claim, hear: () => void): () => void {
    return this.#reach.turns.expect(key, holder, (turn) => {
      // What may have been missed shows at the next look.
      if (turn !== undefined) hear()
    })
  }

  async join({ key, holder }: Claim, isWanted: () => boolean): Promise<number> {
    // What is told from then on is heard.
    await this.#reach.turns.listening(key)
    // Released meanwhile: behind that, it would stand in line for nobody.
    if (!isWanted()) throw new Error('the wait is over')
    return Number(await this.#reach.scripts.run(join, this.#names(key), [holder, this.#reach.turns.process]))
  }

  close(): Promise<void> {
    return this.#reach.close()
  }

  #names(key: string): string[] {
    return allNames(keyNames(this.#namespace, key))
  }
}
