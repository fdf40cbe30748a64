import type { Weather } from './weather.ts'

/** Where a lane comes out. */
export interface LaneExit {
  write(bytes: Buffer): void
  /** The sender has said all it had to say. */
  end(): void
  reset(): void
  /** These bytes are the last ones. */
  cutAfter(bytes: Buffer): void
}

const ACTED_ON_MS = 200

type Cargo = Buffer | 'end' | 'reset'

interface Parcel {
  readonly cargo: Cargo
  dueAt: number
}

/** One direction of one connection: what goes in comes out in the same order. Without back-pressure: tests send little. */
export class Lane {
  readonly #weather: Weather
  readonly #exit: LaneExit
  readonly #parcels: Parcel[] = []
  #timer: NodeJS.Timeout | undefined
  #isHoled = false
  #isDetained = false

  constructor(weather: Weather, exit: LaneExit) {
    this.#weather = weather
    this.#exit = exit
  }

  /** Something is missing: what came after it would make no sense. */
  get isHoled(): boolean {
    return this.#isHoled
  }

  /** Nothing comes out any more. */
  forget(): void {
    this.#isHoled = true
  }

  send(cargo: Cargo): void {
    this.#parcels.push({ cargo, dueAt: performance.now() + this.#weather.delayMs })
    this.#deliver()
  }

  /** Keeps back what is under way, and what comes yet. */
  detain(): void {
    this.#isDetained = true
  }

  /** Whatever is still under way arrives now. Whoever gave it up while it was detained has left since: its end comes when that may have been acted on. */
  hurry(): void {
    const endsAt = this.#isDetained ? performance.now() + ACTED_ON_MS : 0
    for (const parcel of this.#parcels) parcel.dueAt = typeof parcel.cargo === 'string' ? endsAt : 0
    this.#isDetained = false
    this.#deliver()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#parcels.length = 0
  }

  #deliver(): void {
    clearTimeout(this.#timer)
    for (let next = this.#parcels[0]; next !== undefined && !this.#isKept; next = this.#parcels[0]) {
      const waitMs = next.dueAt - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#deliver(), waitMs)
        return
      }
      this.#parcels.shift()
      this.#arrive(next.cargo)
    }
  }

  get #isKept(): boolean {
    return this.#weather.holds || this.#isDetained
  }

  #arrive(cargo: Cargo): void {
    if (this.#weather.swallows || this.#isHoled) this.#lose(cargo)
    else if (cargo === 'end') this.#exit.end()
    else if (cargo === 'reset') this.#exit.reset()
    else this.#pass(cargo)
  }

  #lose(cargo: Cargo): void {
    this.#isHoled = true
    if (typeof cargo !== 'string') this.#weather.lostBytes += cargo.length
  }

  #pass(bytes: Buffer): void {
    const { cut } = this.#weather
    if (cut === undefined || bytes.length < cut.bytesLeft) {
      if (cut !== undefined) cut.bytesLeft -= bytes.length
      this.#exit.write(bytes)
      return
    }
    this.#weather.cut = undefined
    this.#isHoled = true
    this.#exit.cutAfter(bytes.subarray(0, cut.bytesLeft))
    cut.happened()
  }
}
