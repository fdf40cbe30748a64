import type { Candidate, Claim, Clock, Grant, Terms } from '@leasehold/core'
import { type Attempt, attemptOf, releaseOf } from './answers.ts'
import type { Connection } from './connection.ts'
import { allNames, keyNames } from './key-names.ts'
import type { ScriptArgument } from './script.ts'
import { join } from './scripts/join.ts'
import { release } from './scripts/release.ts'
import type { Turns } from './turns.ts'
import { type Joined, Wait } from './wait.ts'

/** How long to leave the server alone that would not let us listen. */
const UNHEARD_PAUSE_MS = 1000

/** Standing in line for keys: over all processes first in, first out. */
export class Line {
  readonly #connection: Connection
  readonly #turns: Turns
  readonly #clock: Clock
  readonly #namespace: string
  /** Of claims that a release, which is under way, puts in line. */
  readonly #joining = new Map<string, Promise<Joined>>()

  constructor(connection: Connection, turns: Turns, clock: Clock, namespace: string) {
    this.#connection = connection
    this.#turns = turns
    this.#clock = clock
    this.#namespace = namespace
  }

  async wait(claim: Claim, terms: Terms, signal: AbortSignal): Promise<Grant | undefined> {
    const joining = this.#joining.get(claim.holder)
    const wait = new Wait(this.#clock, () => this.#join(claim, terms))
    const leave = this.#turns.expect(claim.holder, (turn) => wait.hear(turn))
    const stop = () => wait.end()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    else this.#enter(wait, joining)
    try {
      return await wait.outcome
    } finally {
      leave()
      signal.removeEventListener('abort', stop)
    }
  }

  /** What is granted after listening has begun is heard: only then may the claim stand in line. */
  #enter(wait: Wait, joining: Promise<Joined> | undefined): void {
    this.#turns.listening().then(
      () => wait.begin(joining),
      (error: unknown) => wait.failIn(UNHEARD_PAUSE_MS, error),
    )
  }

  /** Releases, and puts the next claim in line in the same trip, if its turn would be heard. */
  async release(claim: Claim, next?: Candidate): Promise<boolean> {
    const names = allNames(keyNames(this.#namespace, claim.key))
    const ask = (...more: ScriptArgument[]) =>
      this.#connection.run(release, names, [this.#namespace, claim.holder, ...more])
    if (next === undefined || !this.#turns.isListening) return releaseOf(await ask()).released
    const sentAt = this.#clock.now()
    const asked = ask(...this.#asking(next, next)).then(releaseOf)
    const joined = asked.then((answer) => joinedOf(answer.next, sentAt) ?? this.#join(next, next))
    joined.catch(() => {})
    this.#joining.set(next.holder, joined)
    try {
      return (await asked).released
    } finally {
      this.#joining.delete(next.holder)
    }
  }

  async #join(claim: Claim, terms: Terms): Promise<Joined> {
    const names = allNames(keyNames(this.#namespace, claim.key))
    const sentAt = this.#clock.now()
    const answer = await this.#connection.run(join, names, [this.#namespace, ...this.#asking(claim, terms)])
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
