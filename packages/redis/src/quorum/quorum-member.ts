import type { Claim, Inspection, RenewedClaim, Share, Terms } from '@leasehold/core'
import { inspectionOf, releasesOf, renewalsOf } from '../answers.ts'
import { inSlots } from '../cluster/slot-batches.ts'
import { allNames, keyNames, quorumNames } from '../key-names.ts'
import type { Reach } from '../reach.ts'
import { renew, renewArguments } from '../scripts/renew.ts'
import { Together } from '../together.ts'
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
  readonly #together: Together

  constructor(reach: Reach, life: ServerLife, namespace: string) {
    this.#reach = reach
    this.#life = life
    this.#namespace = namespace
    this.#together = new Together((claims) => inSlots(namespace, claims))
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
    return this.#together.ask(renewals, (alike) => this.#renewAlike(alike))
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
    const claims = kept.map(({ claim, token }) => ({ ...claim, fencingToken: token }))
    await this.#together.ask(claims, (alike) => this.#restoreAlike(alike))
  }

  async #restoreAlike(claims: readonly (RenewedClaim & { readonly fencingToken: bigint })[]): Promise<never[]> {
    const names = claims.flatMap(({ key }) => this.#names(key).slice(0, 2))
    const args = claims.flatMap(({ holder, ttlMs, fencingToken }) => [holder, ttlMs, String(fencingToken)])
    await this.#reach.scripts.run(claims[0]?.share ? restoreShares : restore, names, args)
    return []
  }

  release(claims: readonly Claim[]): Promise<readonly boolean[]> {
    return this.#together.ask(claims, (alike) => this.#releaseAlike(alike))
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
    return this.#reach.turns.subscriptionTo(key).expect(holder, (turn) => {
      // What may have been missed shows at the next look.
      if (turn !== undefined) hear()
    })
  }

  async join({ key, holder, share }: Claim, isWanted: () => boolean): Promise<number> {
    const subscription = this.#reach.turns.subscriptionTo(key)
    // What is told from then on is heard.
    await subscription.listening()
    // Released meanwhile: behind that, it would stand in line for nobody.
    if (!isWanted()) throw new Error('the wait is over')
    const { process, since } = subscription
    const args = [holder, process, this.#namespace]
    const asked = this.#reach.scripts.run(share ? joinForShare : join, this.#names(key), args)
    const [keptMs, listeners] = (await asked) as [number, number]
    if (listeners === 0) subscription.unheard(since)
    return keptMs
  }

  close(): Promise<void> {
    return this.#reach.close()
  }

  #names(key: string): string[] {
    return allNames(quorumNames(this.#namespace, key))
  }
}

const withKind = (held: Inspection, kind: Share['kind'] | undefined): Inspection =>
  kind === 'shared' ? { ...held, share: { kind } } : held
