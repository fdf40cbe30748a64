import { createHash } from 'node:crypto'
import {
  type Anchor,
  type Candidate,
  type Claim,
  type Clock,
  type Grant,
  grantedSince,
  type Instant,
} from '@leasehold/core'
import { Alarm } from './alarm.ts'
import { isTrue, numberOf } from './answers.ts'
import { asked, type Calls, columns, only, passable } from './calls.ts'
import type { Listener } from './listening.ts'
import type { PostgresRow } from './postgres-shapes.ts'

/** For so long the server keeps the place of one who is silent. So long a dead one may keep others out. */
const PLACE_MS = 1500
/** So late may the key of somebody who has died come free, where another one stands in line who is dead, too. */
export const SLACK_MS = PLACE_MS + 500
/** How often those who wait say that they are alive. */
const BEAT_MS = 500
/** Beats that are due so soon after one another are one. */
const TOGETHER_MS = 100
/** An end that is told again and again must not become a busy loop. */
const SOONEST_BEAT_MS = 20
/** In one statement. */
const BATCH = 500

/** One who waits for a key. */
export class Waiting {
  readonly candidate: Candidate
  /** It was granted the key, or is to try again. */
  readonly wake: (grant?: Grant) => void
  /** Undefined: none, or not known yet. */
  place: number | undefined
  /** When it stood in line last, as far as is known. */
  anchor: Anchor | undefined
  nextBeatMs = Number.POSITIVE_INFINITY
  /** Nobody wants what its claim may be granted. */
  isReleased = false
  #name: string | undefined

  constructor(candidate: Candidate, wake: (grant?: Grant) => void) {
    this.candidate = candidate
    this.wake = wake
  }

  /** What it is called by where everybody hears. */
  get name(): string {
    this.#name ??= createHash('sha256').update(this.candidate.holder).digest('hex')
    return this.#name
  }
}

/** Those of this process who wait for their turn. Who has a place in the server's line keeps it by saying now and then that he is alive, many in one statement. */
export class Line implements Listener {
  readonly channel: string
  readonly #calls: Calls
  readonly #clock: Clock
  readonly #byKey = new Map<string, Set<Waiting>>()
  readonly #standing = new Set<Waiting>()
  /** Whose place was asked for, without an answer yet; by holder. */
  readonly #entering = new Map<string, Waiting>()
  readonly #nextBeat = new Alarm(() => this.#beat())

  constructor(calls: Calls, channel: string, clock: Clock) {
    this.#calls = calls
    this.#clock = clock
    this.channel = channel
  }

  get isWaiting(): boolean {
    return this.#byKey.size > 0
  }

  /** Resolves with whether it may be its turn. Otherwise it has a place. */
  async enter(waiting: Waiting): Promise<boolean> {
    const { key, holder, share, ttlMs, metadata = null } = waiting.candidate
    const here = this.#byKey.get(key) ?? new Set()
    this.#byKey.set(key, here.add(waiting))
    const sentAt = this.#clock.now()
    const values = [key, holder, ...asked(share), ttlMs, metadata, PLACE_MS]
    this.#entering.set(holder, waiting)
    const answer = this.#calls.table('await_place($1, $2, $3, $4, $5, $6, $7, $8)', ...values)
    const row = only(await answer.finally(() => this.#entering.delete(holder)))
    if (isTrue(row['is_let_in'])) return true
    if (here.has(waiting)) {
      waiting.place = numberOf(row['place'])
      waiting.anchor = anchorOf(row, sentAt)
      this.#standing.add(waiting)
      this.#keep(waiting, row['remaining_ms'])
      this.#nextBeat.by(waiting.nextBeatMs)
    }
    return false
  }

  leave(waiting: Waiting): void {
    const { key } = waiting.candidate
    const here = this.#byKey.get(key)
    here?.delete(waiting)
    if (here?.size === 0) this.#byKey.delete(key)
    this.#standing.delete(waiting)
  }

  /** Before it is released at the server. */
  released({ holder }: Claim): void {
    const waiting = this.#entering.get(holder)
    if (waiting) waiting.isReleased = true
  }

  /** Of one who came into line after he had given up: with the key, if that was released before, and has been granted to him since. What is not heard of goes by itself. */
  withdraw({ candidate: { key, holder }, isReleased }: Waiting): void {
    this.#calls.value(isReleased ? 'release($1, $2)' : 'leave_line($1, $2)', key, holder).catch(() => {})
  }

  heard(payload: string): void {
    if (payload.startsWith('+')) this.#granted(payload)
    else this.#calledIn(payload)
  }

  /** Up to which place of which key they are let in. */
  #calledIn(payload: string): void {
    const at = payload.indexOf(':')
    const last = Number(payload.slice(0, at))
    for (const { place = 0, wake } of [...(this.#byKey.get(payload.slice(at + 1)) ?? [])]) if (place <= last) wake()
  }

  /** Who was granted all of a key. Its name, two numbers and the token stand before the key, which may have blanks. */
  #granted(payload: string): void {
    const [, name, grantedMs, ttlMs, token = '', ...key] = payload.split(' ')
    for (const waiting of [...(this.#byKey.get(key.join(' ')) ?? [])]) {
      if (waiting.name !== name) continue
      const { anchor, wake } = waiting
      const grant = passable({ granted: true, ttlMs: Number(ttlMs), fencingToken: BigInt(token) }, undefined)
      wake(anchor && grantedSince(grant, Number(grantedMs), anchor, this.#clock.now()))
    }
  }

  missed(): void {
    for (const here of [...this.#byKey.values()]) for (const { wake } of [...here]) wake()
  }

  close(): void {
    this.#byKey.clear()
    this.#standing.clear()
    this.#nextBeat.stop()
  }

  #keep(waiting: Waiting, remainingMs: unknown): void {
    const endsInMs = remainingMs === null ? BEAT_MS : numberOf(remainingMs) + 1
    waiting.nextBeatMs = performance.now() + Math.min(BEAT_MS, Math.max(SOONEST_BEAT_MS, endsInMs))
  }

  #beat(): void {
    const soonMs = performance.now() + TOGETHER_MS
    const due = [...this.#standing].filter(({ nextBeatMs }) => nextBeatMs <= soonMs)
    // In case that the answer is late, or does not come.
    for (const each of due) this.#keep(each, null)
    for (let start = 0; start < due.length; start += BATCH) void this.#say(due.slice(start, start + BATCH))
    this.#planNext()
  }

  #planNext(): void {
    for (const { nextBeatMs } of this.#standing) this.#nextBeat.by(nextBeatMs)
  }

  /** Whoever has lost his place comes anew. What fails is told by what the engine asks. */
  async #say(standing: readonly Waiting[]): Promise<void> {
    const claims = standing.map(({ candidate }) => candidate)
    const sentAt = this.#clock.now()
    const rows = await this.#calls.table('keep_places($1, $2, $3)', ...columns(claims), PLACE_MS).catch(() => undefined)
    if (!rows) return
    const kept = new Map(rows.map((row) => [numberOf(row['claim']), row]))
    for (const [index, each] of standing.entries()) {
      const row = kept.get(index + 1)
      if (row === undefined || isTrue(row['is_let_in'])) each.wake()
      else {
        each.anchor = anchorOf(row, sentAt)
        this.#keep(each, row['remaining_ms'])
      }
    }
    this.#planNext()
  }
}

const anchorOf = (row: PostgresRow, sentAt: Instant): Anchor => ({ sentAt, serverMs: numberOf(row['server_ms']) })
