import { Resubscription } from '../resubscription.ts'
import type { Hear, Subscription } from '../turns.ts'
import { redirectionOf } from './redirection.ts'
import { slotOf } from './slot.ts'
import type { Place, SlotMap } from './slot-map.ts'
import type { Subscribers } from './subscribers.ts'

/** How often a subscription is sent on to where the slot is now. */
const MOST_REDIRECTIONS = 4

/** Where one process hears of its turns on one key: at the master of the key's slot. */
export class ShardChannel implements Subscription {
  readonly name: string
  readonly process: string
  /** By holder. */
  readonly waiting = new Map<string, Hear>()
  /** When somebody last wanted it, on the monotonic clock. */
  usedAtMs = performance.now()
  readonly #slot: number
  readonly #map: SlotMap
  readonly #subscribers: Subscribers
  readonly #onRefused: (error: unknown) => void
  readonly #again = new Resubscription()
  /** Where it was subscribed last, and whether that is certain. */
  #place: Place | undefined
  #confirmed = false
  #subscribing: Promise<void> | undefined
  #isUnseen = false

  constructor(
    name: string,
    process: string,
    map: SlotMap,
    subscribers: Subscribers,
    onRefused: (error: unknown) => void,
  ) {
    this.name = name
    this.#onRefused = onRefused
    this.process = process
    this.#slot = slotOf(name)
    this.#map = map
    this.#subscribers = subscribers
  }

  /** A slot that has moved takes nobody along who listened to it. */
  get isListening(): boolean {
    return this.#confirmed && this.#place === this.#map.placeOf(this.#slot)
  }

  get since(): number {
    return this.#again.since
  }

  /** The server cannot tell who listens here: turns are to be heard in another way. */
  get isUnseen(): boolean {
    return this.#isUnseen
  }

  get place(): string | undefined {
    return this.#place?.name
  }

  async listening(): Promise<void> {
    if (this.isListening) return
    this.#subscribing ??= this.#subscribe().finally(() => {
      this.#subscribing = undefined
    })
    await this.#subscribing
  }

  expect(holder: string, hear: Hear): () => void {
    this.waiting.set(holder, hear)
    this.#subscribers.use()
    return () => {
      this.#subscribers.disuse()
      this.usedAtMs = performance.now()
      if (this.waiting.get(holder) === hear) this.waiting.delete(holder)
    }
  }

  unheard(since: number): void {
    const isOfUse = this.#again.isOfUse(since)
    if (isOfUse === undefined) return
    this.#isUnseen = !isOfUse
    this.#confirmed = false
    if (isOfUse) this.listening().catch(() => {})
    else this.missed()
  }

  /** The connection that it came over broke, or turns are told in another way from now on. */
  missed(): void {
    this.#confirmed = false
    for (const hear of [...this.waiting.values()]) hear(undefined)
  }

  /** What is told to nobody any more needs no answer. */
  leave(): void {
    if (this.#confirmed && this.#place)
      this.#subscribers
        .to(this.#place)
        .ask('sunsubscribe', this.name)
        .catch(() => {})
    this.#confirmed = false
  }

  async #subscribe(): Promise<void> {
    this.#confirmed = false
    if (this.#map.placeOf(this.#slot) === undefined) await this.#map.read()
    for (let redirections = 0; ; redirections += 1) {
      const place = this.#map.placeOf(this.#slot) as Place
      this.#place = place
      try {
        await this.#subscribers.to(place).ask('ssubscribe', this.name)
        this.#confirmed = true
        return
      } catch (error) {
        const redirection = redirectionOf(error, place)
        if (redirection === undefined || redirections === MOST_REDIRECTIONS) {
          this.#map.doubt()
          this.#onRefused(error)
          throw error
        }
        this.#map.learn(this.#slot, redirection.to)
      }
    }
  }
}
