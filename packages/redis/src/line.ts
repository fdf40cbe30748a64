import type { Candidate, Claim, Clock, Grant, Terms } from '@leasehold/core'
import { type Attempt, attemptOf, type Release, releaseOf } from './answers.ts'
import { isHalfway } from './cluster/halfway.ts'
import { allNames, keyNames } from './key-names.ts'
import type { Reach } from './reach.ts'
import type { ScriptArgument, Scripts } from './script.ts'
import { join } from './scripts/join.ts'
import { release } from './scripts/release.ts'
import { releaseHold } from './scripts/release-hold.ts'
import type { Turns } from './turns.ts'
import { type Joined, Wait } from './wait.ts'

/** How long to leave the server alone that would not let us listen. */
const UNHEARD_PAUSE_MS = 1000

/** Standing in line for keys: over all processes first in, first out. */
export class Line {
  readonly #scripts: Scripts
  readonly #turns: Turns
  readonly #clock: Clock
  readonly #namespace: string
  /** A grant that another process brought about is asked for again, over a connection of this one. */
  readonly #asksAgain: boolean
  /** Of claims that a release, which is under way, puts in line. */
  readonly #joining = new Map<string, Promise<Joined>>()

  constructor(
    { scripts, turns }: Pick<Reach, 'scripts' | 'turns'>,
    clock: Clock,
    namespace: string,
    asksAgain: boolean,
  ) {
    this.#scripts = scripts
    this.#turns = turns
    this.#clock = clock
    this.#namespace = namespace
    this.#asksAgain = asksAgain
  }

  async wait(claim: Claim, terms: Terms, signal: AbortSignal): Promise<Grant | undefined> {
    const joining = this.#joining.get(claim.holder)
    const wait = new Wait(this.#clock, () => this.#joinHeard(claim, terms))
    const leave = this.#turns.expect(claim.key, claim.holder, (turn) => wait.hear(this.#asksAgain ? undefined : turn))
    const stop = () => wait.end()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    else this.#enter(wait, claim, joining)
    try {
      return await wait.outcome
    } finally {
      leave()
      signal.removeEventListener('abort', stop)
    }
  }

  /** What is granted after listening has begun is heard: only then may the claim stand in line. */
  #enter(wait: Wait, { key }: Claim, joining: Promise<Joined> | undefined): void {
    this.#turns.listening(key).then(
      () => wait.begin(joining),
      (error: unknown) => wait.failIn(UNHEARD_PAUSE_MS, error),
    )
  }

  /** Releases, and puts the next claim in line in the same trip, if its turn would be heard. */
  async release(claim: Claim, next?: Candidate): Promise<boolean> {
    if (next === undefined || !this.#turns.isListening(claim.key)) return (await this.#end(claim)).released
    const sentAt = this.#clock.now()
    const asked = this.#end(claim, next)
    const joined = asked.then((answer) => joinedOf(answer.next, sentAt) ?? this.#join(next, next))
    joined.catch(() => {})
    this.#joining.set(next.holder, joined)
    try {
      return (await asked).released
    } finally {
      this.#joining.delete(next.holder)
    }
  }

  async #end({ key, holder }: Claim, next?: Candidate): Promise<Release> {
    const names = keyNames(this.#namespace, key)
    const ended = [this.#namespace, holder]
    try {
      if (next === undefined) return releaseOf(await this.#scripts.run(release, allNames(names), ended))
      return releaseOf(await this.#scripts.grant(release, allNames(names), [...ended, ...this.#asking(next, next)]))
    } catch (error) {
      if (!isHalfway(error)) throw error
      return releaseOf(await this.#scripts.run(releaseHold, [names.hold], [holder]))
    }
  }

  /** A key that has moved to another node is listened to there. */
  async #joinHeard(claim: Claim, terms: Terms): Promise<Joined> {
    await this.#turns.listening(claim.key)
    return this.#join(claim, terms)
  }

  async #join(claim: Claim, terms: Terms): Promise<Joined> {
    const names = allNames(keyNames(this.#namespace, claim.key))
    const sentAt = this.#clock.now()
    const answer = await this.#scripts.grant(join, names, [this.#namespace, ...this.#asking(claim, terms)])
    return joinedOf(answer as Attempt, sentAt)
  }

  #asking({ holder }: Claim, { ttlMs, metadata = '' }: Terms): ScriptArgument[] {
    return [holder, ttlMs, metadata, this.#turns.process]
  }
}

function joinedOf(attempt: Attempt, sentAt: Joined['anchor']['sentAt']): Joined
function joinedOf(attempt: Attempt | null, sentAt: Joined['anchor']['sentAt']): Joined | undefined
function joinedOf(attempt: Attempt | null, sentAt: Joined['anchor']['sentAt']): Joined | undefined {
  return attempt === null ? undefined : { answer: attemptOf(attempt), anchor: { sentAt, serverMs: Number(attempt[2]) } }
}
