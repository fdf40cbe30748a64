import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Attachment } from '../attachment.ts'
import type { Capabilities, Claim, Contended, Grant, LockBackend, Share, Terms } from '../contract.ts'
import { type ErrorCode, isLeaseholdError } from '../errors.ts'
import type { LockEvent } from '../events.ts'
import { createLocks } from '../index.ts'
import { granted } from './assertions.ts'
import { caseTimes } from './case-times.ts'
import { Diary } from './diary.ts'
import type { Pace } from './pace.ts'
import type { Process, ProcessOptions } from './process.ts'
import { PuppetClock } from './puppet-clock.ts'
import type { ConformanceTarget, FaultHooks, ForgetfulClient, LinkedClient, SuiteTime } from './target.ts'
import { realTime } from './time.ts'
import { interpose, wire } from './wire.ts'

/** A TTL that does not run out while a case runs. */
export const LONG_MS = 60_000

export interface Held {
  readonly claim: Claim
  readonly grant: Grant
}

/** What a case works with. Everything that it opens is closed at its end, in reverse order. */
export class Trial {
  readonly capabilities: Capabilities
  readonly time: SuiteTime
  readonly ttlMs: number
  readonly patienceMs: number
  readonly soonMs: number
  readonly briefMs: number
  readonly pollMs: number
  readonly arrivalMs: number
  /** How late timers and answers may be, once, for the case to say anything. One that needs more of the machine lowers it. */
  toleratedMs: number
  /** Why the case says nothing: it looked too late. */
  tooLate: string | undefined
  readonly #graceMs: number
  readonly #target: ConformanceTarget
  readonly #pace: Pace
  readonly #diary: Diary
  readonly #prefix: string
  /** The target knows its clients as it made them. */
  readonly #made = new WeakMap<LockBackend, LockBackend>()
  readonly #attachments = new WeakMap<LockBackend, Attachment>()
  readonly #cleanups: (() => Promise<unknown>)[] = []
  #keys = 0
  #observer: Promise<LockBackend> | undefined

  constructor(target: ConformanceTarget, capabilities: Capabilities, id: string, pace: Pace) {
    this.#target = target
    this.#pace = pace
    this.capabilities = capabilities
    this.time = target.time ?? realTime
    this.#diary = new Diary(() => this.nowMs())
    // Looked at once: in one case, all times are of one measure.
    const times = caseTimes(target, capabilities, pace.slowdown)
    this.ttlMs = times.ttlMs
    this.patienceMs = times.patienceMs
    this.soonMs = times.soonMs
    this.briefMs = times.briefMs
    this.pollMs = times.pollMs
    this.arrivalMs = times.arrivalMs
    this.#graceMs = times.graceMs
    this.toleratedMs = times.toleratedMs
    this.#prefix = `conformance:${randomBytes(6).toString('hex')}:${id}`
  }

  /** What was asked of the server and what it answered, in words. */
  get story(): string {
    return String(this.#diary)
  }

  /** By when the server must have freed the key of a holder that is silent from now on. */
  get expiryMs(): number {
    return this.ttlMs + this.capabilities.slackMs
  }

  get faults(): FaultHooks {
    return this.#target.faults ?? {}
  }

  /** A key nobody else uses: cases are isolated by their keys, never by wiping the server. */
  key(label = ''): string {
    this.#keys += 1
    return `${this.#prefix}:${this.#keys}${label}`
  }

  claim(key = this.key(), share?: Share): Claim {
    const holder = randomBytes(16).toString('hex')
    return share ? { key, holder, share } : { key, holder }
  }

  terms(ttlMs = LONG_MS, metadata?: string): Terms {
    return { ttlMs, metadata }
  }

  /** What is seen now says something only within a time that no machine is given more of. Later, the case is inconclusive if it fails. */
  seenWithin(ms: number, sinceMs: number, what: string): void {
    const tookMs = this.nowMs() - sinceMs
    if (tookMs > ms) this.tooLate = `${what} was seen after ${Math.round(tookMs)} ms; the case needs it within ${ms} ms`
  }

  nowMs(): number {
    return this.time.clock.now().monotonicMs
  }

  /** A new client, as another process would have that has been in use. */
  open(): Promise<LockBackend> {
    return this.#inUse(this.#target.open())
  }

  openSome(count: number): Promise<LockBackend[]> {
    return Promise.all(Array.from({ length: count }, () => this.open()))
  }

  async openLinked(): Promise<LinkedClient> {
    const client = await this.#target.faults?.openLinked?.()
    assert.ok(client, 'the target offers openLinked')
    const backend = await this.#inUse(client.backend)
    this.defer(async () => client.link.heal())
    return { backend, link: client.link }
  }

  async openForgetful(): Promise<ForgetfulClient> {
    const client = await this.#target.faults?.openForgetful?.()
    assert.ok(client, 'the target offers openForgetful')
    return { backend: await this.#inUse(client.backend), forget: () => client.forget() }
  }

  /** A client that the server turns away. */
  openRefused(): LockBackend {
    const backend = this.#target.faults?.openRefused?.()
    assert.ok(backend, 'the target offers openRefused')
    this.defer(async () => backend.close?.())
    return this.#attached(this.#witnessed(backend))
  }

  async killSession(backend: LockBackend): Promise<void> {
    await this.#target.faults?.killSession?.(this.#made.get(backend) ?? backend)
  }

  /** A new process with the engine in it, as one that has been in use. */
  async process(options: ProcessOptions = {}, given?: LockBackend): Promise<Process> {
    const { minimal = false, refuses = false, observer, ...defaults } = options
    const clock = new PuppetClock(this.time.clock)
    const backend = given ? this.#again(given) : this.#witnessed(this.#target.open())
    const wired = wire(backend, { minimal, refuses })
    const events: LockEvent[] = []
    const onEvent = (event: LockEvent) => {
      events.push(event)
      observer?.(event)
    }
    const locks = createLocks(wired.backend, { requestTimeoutMs: this.patienceMs / 5, ...defaults, clock, onEvent })
    this.defer(async () => {
      wired.heal()
      clock.resumeTimers()
      await this.settled(locks.close())
    })
    if (given === undefined) await this.#warm(backend)
    return { locks, wire: wired, clock, events, saw: (type) => events.some((event) => event.type === type) }
  }

  /** Takes the key with a claim of its own; fails if it is refused. */
  async hold(backend: LockBackend, key = this.key(), ttlMs = LONG_MS, share?: Share): Promise<Held> {
    const claim = this.claim(key, share)
    const grant = granted(await backend.tryAcquire(claim, this.terms(ttlMs)))
    return { claim, grant }
  }

  /** Nobody holds the key, nor stands in line for it: a claim is granted at once. */
  async isFree(key: string, given?: LockBackend): Promise<boolean> {
    const backend = given ?? (await this.#observe())
    const claim = this.claim(key)
    const answer = await backend.tryAcquire(claim, this.terms())
    if (answer.granted) await backend.release(claim)
    return answer.granted
  }

  async assertFree(key: string, backend?: LockBackend): Promise<void> {
    assert.ok(await this.isFree(key, backend), 'the key is not free: somebody holds it, or stands in line for it')
  }

  /** Tries until the key is granted, as long as `withinMs`. */
  async holdInTime(backend: LockBackend, key: string, withinMs: number, share?: Share): Promise<Held> {
    const claim = this.claim(key, share)
    let answer: Grant | Contended = { granted: false }
    const attempt = async () => {
      answer = await backend.tryAcquire(claim, this.terms())
      return answer.granted
    }
    await this.until(attempt, 'the key comes free', withinMs)
    return { claim, grant: granted(answer) }
  }

  pass(ms: number): Promise<void> {
    return this.time.pass(ms)
  }

  /** Lets time pass until the condition holds; fails if it does not come true in time. Time in which this process was not let run does not count. */
  async until(condition: () => boolean | Promise<boolean>, what: string, withinMs = this.patienceMs): Promise<void> {
    const startMs = this.nowMs()
    let heldUpMs = 0
    await this.pass(0)
    while (!(await condition())) {
      // Requests under way when the time is up still count: the bound is on the server, not on this loop.
      const spentMs = this.nowMs() - startMs - heldUpMs
      assert.ok(spentMs <= withinMs + this.#graceMs, `not within ${Math.round(withinMs)} ms: ${what}`)
      heldUpMs += await this.#step()
    }
  }

  /** What the promise settles with, while time passes. */
  async settled<T>(promise: Promise<T>, withinMs = this.patienceMs): Promise<T> {
    let done = false
    const mark = () => {
      done = true
    }
    promise.then(mark, mark)
    await this.until(() => done, 'the promise settles', withinMs)
    return promise
  }

  /** The promise rejects with an error of this code. */
  async rejects(promise: Promise<unknown>, code: ErrorCode, withinMs?: number): Promise<void> {
    await assert.rejects(this.settled(promise, withinMs), (error) => {
      assert.ok(isLeaseholdError(error), `not an error of Leasehold: ${String(error)}`)
      assert.equal(error.code, code)
      return true
    })
  }

  /** To connect may take longer than a case's TTL. */
  async #inUse(made: LockBackend): Promise<LockBackend> {
    const backend = this.#attached(this.#witnessed(made))
    this.defer(async () => backend.close?.())
    await this.#warm(backend)
    return backend
  }

  /** Whatever goes wrong is for the case to find. The second trip finds the connection that the first has made: it tells how far the server is. */
  async #warm(backend: LockBackend): Promise<void> {
    const claim = this.claim()
    const used = async () => {
      await backend.tryAcquire(claim, this.terms(this.ttlMs))
      const sentMs = this.nowMs()
      await backend.release(claim)
      this.#pace.note(this.nowMs() - sentMs)
    }
    await this.settled(used().catch(() => {})).catch(() => {})
  }

  /** Everything that is asked of this client stands in the diary. */
  #witnessed(made: LockBackend): LockBackend {
    const backend = interpose(made, (operation, claims, send) => this.#diary.record(operation, claims, send))
    this.#made.set(backend, made)
    return backend
  }

  /** Used without an engine: the suite is its core, until `process` has another one for it. */
  #attached(backend: LockBackend): LockBackend {
    const attachment = new Attachment(this.time.clock)
    backend.attach?.(attachment)
    this.#attachments.set(backend, attachment)
    return backend
  }

  #again(given: LockBackend): LockBackend {
    const attachment = this.#attachments.get(given)
    return attachment && given.attach ? { ...given, attach: (core) => attachment.attach(core) } : given
  }

  /** By how much a step of time took longer than it should. */
  async #step(): Promise<number> {
    const startMs = this.nowMs()
    await this.pass(this.time.stepMs)
    return Math.max(0, this.nowMs() - startMs - this.time.stepMs)
  }

  defer(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup)
  }

  /** One client for all the looking on: conditions are looked at often. */
  #observe(): Promise<LockBackend> {
    this.#observer ??= this.open()
    return this.#observer
  }

  /** Runs every clean-up, and throws the first error. */
  async end(): Promise<void> {
    const errors: unknown[] = []
    for (const cleanup of this.#cleanups.splice(0).reverse()) {
      await cleanup().catch((error: unknown) => errors.push(error))
    }
    if (errors.length > 0) throw errors[0]
  }
}
