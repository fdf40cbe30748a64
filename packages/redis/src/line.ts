import type { Candidate, Claim, Clock, Grant, Instant, Terms } from '@leasehold/core'
import { type Attempt, isReleased, nextOf } from './answers.ts'
import { isHalfway } from './cluster/halfway.ts'
import { Heartbeats } from './heartbeats.ts'
import { allNames, keyNames } from './key-names.ts'
import type { JoiningClaim } from './one-turn.ts'
import type { Reach } from './reach.ts'
import { isUnwanted, type ScriptArgument, type Scripts, type Sending } from './script.ts'
import { release } from './scripts/release.ts'
import { releaseHold } from './scripts/release-hold.ts'
import { releaseShareHold, releaseShares } from './scripts/shares/release.ts'
import { joinArguments } from './share-arguments.ts'
import type { Subscription, Turns } from './turns.ts'
import { type Joined, Wait } from './wait.ts'

/** How long to leave the server alone that would not let us listen, or does not say so. */
const UNHEARD_PAUSE_MS = 1000

interface Joining {
  readonly asked: Promise<unknown>
  readonly sentAt: Instant
  /** Of the claim that it puts in line. */
  wait?: Wait
}

type Join = (claim: JoiningClaim) => Promise<Attempt>

/** Standing in line for keys: over all processes first in, first out. */
export class Line {
  readonly #scripts: Scripts
  readonly #turns: Turns
  readonly #partsOf: Reach['partsOf']
  /** Several that are asked for in one turn of the event loop are one script. */
  readonly #ask: Join
  readonly #clock: Clock
  readonly #heartbeats: Heartbeats
  readonly #namespace: string
  /** A grant that another process brought about is asked for again, over a connection of this one. */
  readonly #asksAgain: boolean
  /** Of claims that a release puts in line: while it is under way, what it was answered and when it was sent. */
  readonly #joining = new Map<string, Joining>()

  constructor(
    { scripts, turns, partsOf }: Pick<Reach, 'scripts' | 'turns' | 'partsOf'>,
    join: Join,
    clock: Clock,
    namespace: string,
    asksAgain: boolean,
  ) {
    this.#scripts = scripts
    this.#turns = turns
    this.#partsOf = partsOf
    this.#ask = join
    this.#clock = clock
    this.#heartbeats = new Heartbeats(clock)
    this.#namespace = namespace
    this.#asksAgain = asksAgain
  }

  wait(claim: Claim, terms: Terms, signal: AbortSignal): Promise<Grant | undefined> {
    const subscription = this.#turns.subscriptionTo(claim.key)
    const joining = this.#joining.get(claim.holder)
    const join = joining && (() => this.#joinedBy(joining, claim, terms, subscription, wait))
    const stop = () => wait.end()
    const wait: Wait = new Wait(this.#clock, {
      join: () => this.#joinHeard(claim, terms, subscription, wait),
      beat: (again) => this.#heartbeats.next(this.#groupOf(claim), again),
      over() {
        leave()
        signal.removeEventListener('abort', stop)
      },
    })
    if (joining) joining.wait = wait
    const leave = subscription.expect(claim.holder, (turn) => wait.hear(this.#asksAgain ? undefined : turn))
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    // What is granted after listening has begun is heard: only then may the claim stand in line.
    else if (subscription.isListening) wait.begin(join)
    else this.#listen(wait, subscription, join)
    return wait.outcome
  }

  /** Of those that one script serves. */
  #groupOf(claim: Claim): number {
    const [part] = this.#partsOf([claim])
    return part?.group ?? 0
  }

  #listen(wait: Wait, subscription: Subscription, join: (() => Promise<Joined>) | undefined): void {
    wait.hintIn(UNHEARD_PAUSE_MS)
    subscription.listening().then(
      () => wait.begin(join),
      (error: unknown) => wait.failIn(UNHEARD_PAUSE_MS, error),
    )
  }

  /** Releases, and puts the next claim in line in the same trip, if its turn would be heard. Who wants a share, or had one, joins by himself. */
  release(claim: Claim, next?: Candidate): Promise<boolean> {
    const apart = next === undefined || next.share || claim.share
    const subscription = apart ? undefined : this.#turns.subscriptionTo(claim.key)
    if (!next || !subscription?.isListening) return this.#end(claim).then(isReleased)
    const sentAt = this.#clock.now()
    const isWanted = () => !this.#joining.get(next.holder)?.wait?.isOver
    const asked = this.#end(claim, joinArguments({ ...next, process: subscription.process }), isWanted)
    const over = () => this.#joining.delete(next.holder)
    asked.then(over, over)
    this.#joining.set(next.holder, { asked, sentAt })
    return asked.then(isReleased)
  }

  /** Where a release could not put it in line, the claim joins by itself. */
  #joinedBy(
    { asked, sentAt }: Joining,
    claim: Claim,
    terms: Terms,
    subscription: Subscription,
    wait: Wait,
  ): Promise<Joined> {
    return asked.then((answer) => {
      const attempt = nextOf(answer, terms.ttlMs)
      return attempt ? { attempt, sentAt } : this.#join(claim, terms, subscription, wait)
    })
  }

  /** `next`: what puts another claim in line. */
  #end(claim: Claim, next?: readonly ScriptArgument[], isWanted?: Sending['isWanted']): Promise<unknown> {
    return this.#askToEnd(claim, next, isWanted).catch((error: unknown) => {
      if (isUnwanted(error)) return this.#end(claim)
      if (!isHalfway(error)) throw error
      const alone = claim.share ? releaseShareHold : releaseHold
      return this.#scripts.run(alone, [keyNames(this.#namespace, claim.key).hold], [claim.holder])
    })
  }

  #askToEnd(
    { key, holder, share }: Claim,
    next: readonly ScriptArgument[] | undefined,
    isWanted: Sending['isWanted'],
  ): Promise<unknown> {
    const names = allNames(keyNames(this.#namespace, key))
    const ended = [this.#namespace, holder]
    if (share) return this.#scripts.run(releaseShares, names, ended)
    if (next === undefined) return this.#scripts.run(release, names, ended)
    return this.#scripts.grant(release, names, [...ended, ...next], { isWanted })
  }

  /** A key that has moved to another node is listened to there, and that one has another clock. */
  async #joinHeard(claim: Claim, terms: Terms, subscription: Subscription, wait: Wait): Promise<Joined> {
    if (!subscription.isListening) {
      wait.forgetClock()
      wait.hintIn(UNHEARD_PAUSE_MS)
    }
    await subscription.listening()
    return this.#join(claim, terms, subscription, wait)
  }

  async #join(claim: Claim, { ttlMs, metadata }: Terms, subscription: Subscription, wait: Wait): Promise<Joined> {
    // Its claim may have been released meanwhile: behind that, it would stand in line for nobody, or take the key.
    if (wait.isOver) throw new Error('the wait is over')
    const sentAt = this.#clock.now()
    const { process, since } = subscription
    const attempt = await this.#ask({ ...claim, ttlMs, metadata, process, isWanted: () => !wait.isOver })
    if (!attempt.granted && attempt.listeners === 0) subscription.unheard(since)
    return { attempt, sentAt }
  }
}
