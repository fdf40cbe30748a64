import type { Share } from '@leasehold/core'
import type { LockOperation } from '@leasehold/core/conformance'
import { EventQueue } from '../simulation/event-queue.ts'
import { Prng } from '../simulation/prng.ts'
import { ReferenceServer } from './reference-server.ts'

export interface ReferenceSettings {
  readonly keys: number
  readonly clients: number
  /** Operations of each client, about. */
  readonly length: number
  readonly parts: boolean
  /** How many requests get no answer. Of these a third is lost, a third took effect in time, and a third takes effect at some time later. */
  readonly unanswered: number
  /** Of a request without an answer, whether it is told, now and then, by when it has taken effect. */
  readonly tellsBounds?: boolean
  /** Whether the latest times of expiries are told, too. */
  readonly tellsTtl: boolean
}

/** The server keeps a key so much longer than its TTL, at most. */
export const SLACK = 20
const TTL = 100
const FOREVER = Number.POSITIVE_INFINITY

type Effect = () => void

/** A history that a lock server made, by construction: of many clients, with answers that are lost and requests that come late. One tick is a tenth of the shortest way there and back. */
export function referenceHistory(seed: number, settings: ReferenceSettings): LockOperation[] {
  return new World(seed, settings).run()
}

class World {
  readonly #prng: Prng
  readonly #settings: ReferenceSettings
  readonly #operations: LockOperation[] = []
  readonly #servers: readonly ReferenceServer[]
  readonly #queue = new EventQueue()
  #order = 0
  #now = 0

  constructor(seed: number, settings: ReferenceSettings) {
    this.#prng = new Prng(seed, 'reference')
    this.#settings = settings
    const times = { ttl: TTL, slack: SLACK }
    this.#servers = Array.from({ length: settings.keys }, () => new ReferenceServer(this.#prng, times))
  }

  run(): LockOperation[] {
    for (let client = 0; client < this.#settings.clients; client += 1) this.#live(`p${client}`, this.#settings.length)
    for (let next = this.#queue.takeUntil(FOREVER); next !== undefined; next = this.#queue.takeUntil(FOREVER)) {
      this.#now = next.atMs
      next.happen?.()
    }
    return this.#operations
  }

  #after(ticks: number, effect: Effect): void {
    this.#order += 1
    this.#queue.add({ atMs: this.#now + ticks, order: this.#order, happen: effect, cancelled: false })
  }

  /** A client asks, renews now and then, and lets go or not, over and over. */
  #live(process: string, left: number, attempt = 0): void {
    if (left <= 0) return
    const key = this.#prng.integer(0, this.#settings.keys - 1)
    const holder = `${process}.${attempt}`
    const share = this.#share()
    const pause = () => this.#prng.integer(0, 60)
    const again = (spent: number) => this.#after(pause(), () => this.#live(process, left - spent, attempt + 1))
    this.#after(pause(), () => {
      this.#acquire(process, key, holder, share, (answer) => {
        if (answer === 'contended')
          return this.#prng.chance(0.3) ? this.#release(process, key, holder, () => again(2)) : again(1)
        this.#after(pause(), () => this.#hold(process, key, holder, this.#prng.integer(0, 2), again))
      })
    })
  }

  #hold(process: string, key: number, holder: string, renewals: number, again: (spent: number) => void): void {
    if (renewals > 0)
      this.#renew(process, key, holder, () =>
        this.#after(this.#prng.integer(0, 80), () => this.#hold(process, key, holder, renewals - 1, again)),
      )
    else if (this.#prng.chance(0.15)) again(2)
    else if (this.#prng.chance(0.03)) this.#clear(process, key, () => again(3))
    else this.#release(process, key, holder, () => again(2))
  }

  #share(): Share | undefined {
    if (!this.#settings.parts) return undefined
    const of = this.#prng.integer(1, 3)
    return this.#prng.pick([undefined, { kind: 'shared' }, { kind: 'permits', take: this.#prng.integer(1, of), of }])
  }

  #acquire(
    process: string,
    key: number,
    holder: string,
    share: Share | undefined,
    then: (answer: string) => void,
  ): void {
    const server = this.#servers[key] as ReferenceServer
    this.#ask(
      () => server.acquire(this.#now, holder, share),
      (called, returned, answer) => {
        const claim = { process, key: `k${key}`, holder, called, returned }
        this.#operations.push({ ...claim, type: 'acquire', share, ...this.#lasting(called), answer })
        then(typeof answer === 'object' ? 'granted' : answer)
      },
    )
  }

  #renew(process: string, key: number, holder: string, then: () => void): void {
    const server = this.#servers[key] as ReferenceServer
    this.#ask(
      () => server.renew(this.#now, holder),
      (called, returned, answer) => {
        const claim = { process, key: `k${key}`, holder, called, returned }
        this.#operations.push({ ...claim, type: 'renew', ...this.#lasting(called), answer })
        then()
      },
    )
  }

  #release(process: string, key: number, holder: string, then: () => void): void {
    const server = this.#servers[key] as ReferenceServer
    this.#ask(
      () => server.release(this.#now, holder),
      (called, returned, answer) => {
        this.#operations.push({ process, key: `k${key}`, holder, called, returned, type: 'release', answer })
        then()
      },
    )
  }

  #clear(process: string, key: number, then: () => void): void {
    const server = this.#servers[key] as ReferenceServer
    this.#ask(
      () => server.clear(),
      (called, returned, answer) => {
        this.#operations.push({ process, key: `k${key}`, called, returned, type: 'clear', answer })
        then()
      },
    )
  }

  /** What the holder relies on is counted from before the request was sent. */
  #lasting(called: bigint): { validUntil: bigint; ttl?: bigint } {
    const validUntil = called + BigInt(TTL)
    return this.#settings.tellsTtl ? { validUntil, ttl: BigInt(TTL) } : { validUntil }
  }

  #ask<A>(serve: () => A, note: (called: bigint, returned: bigint | undefined, answer: A | 'unknown') => void): void {
    const called = BigInt(this.#now)
    const way = () => this.#prng.integer(5, 40)
    if (!this.#prng.chance(this.#settings.unanswered)) {
      this.#after(way(), () => {
        const answer = serve()
        this.#after(way(), () => note(called, BigInt(this.#now), answer))
      })
      return
    }
    const fate = this.#prng.pick(['lost', 'in time', 'late'])
    if (fate !== 'lost') this.#after(fate === 'late' ? this.#prng.integer(100, 600) : way(), () => void serve())
    const isBounded = this.#settings.tellsBounds === true && fate !== 'late' && this.#prng.chance(0.5)
    this.#after(90, () => note(called, isBounded ? BigInt(this.#now) : undefined, 'unknown'))
  }
}
