import { type ClockSettings, DriftingClock } from './drifting-clock.ts'
import { MachineTimers } from './machine-timers.ts'
import { Mailbox, type Source } from './mailbox.ts'
import type { Prng } from './prng.ts'
import type { World } from './world.ts'

type Condition = 'running' | 'stopped' | 'suspended' | 'dead'

/** One process on a machine of its own: it computes only while it runs, and only on what came through its mailbox. */
export class Machine {
  readonly name: string
  readonly clock: DriftingClock
  /** For the program under test. */
  readonly timers: MachineTimers
  /** For those who drive it: kept apart, so that a leaked timer is seen. */
  readonly driverTimers: MachineTimers
  readonly #world: World
  readonly #mailbox: Mailbox
  readonly #prng: Prng
  #condition: Condition = 'running'
  #disturbances = 0

  constructor(world: World, name: string, settings: ClockSettings, prng: Prng) {
    this.name = name
    this.#world = world
    this.#prng = prng
    this.#mailbox = new Mailbox(world)
    this.clock = new DriftingClock(() => world.nowMs, settings)
    this.timers = this.newTimers()
    this.driverTimers = this.newTimers()
  }

  /** For a program of its own; lives until it is cleared. Not moved by a suspension. */
  newTimers(): MachineTimers {
    return new MachineTimers(this.#world, this.clock, this.#mailbox, this.#prng)
  }

  get running(): boolean {
    return this.#condition === 'running'
  }

  get dead(): boolean {
    return this.#condition === 'dead'
  }

  /** Grows whenever the machine was stopped or its clocks were tampered with: what took long in between proves nothing. */
  get disturbances(): number {
    return this.#disturbances
  }

  deliver(source: Source, open: () => void): void {
    if (!this.dead) this.#mailbox.post(source, open)
  }

  /** SIGSTOP: nothing runs, both clocks go on. */
  stop(): void {
    this.#stand('stopped')
  }

  /** The virtual machine sleeps: nothing runs, and the monotonic clock stands still. */
  suspend(): void {
    this.#stand('suspended')
    this.clock.suspend()
  }

  resume(): void {
    if (this.dead || this.running) return
    this.#wakeClock()
    this.#condition = 'running'
    this.#mailbox.release(this.#prng.pick(['timer', 'message']))
  }

  setWallBy(ms: number): void {
    this.#disturbances += 1
    this.clock.setWallBy(ms)
  }

  kill(): void {
    this.#stand('dead')
    this.#mailbox.discard()
    this.timers.clear()
    this.driverTimers.clear()
  }

  #stand(condition: Condition): void {
    this.#condition = condition
    this.#disturbances += 1
    this.#mailbox.hold()
  }

  #wakeClock(): void {
    if (!this.clock.suspended) return
    this.clock.wake()
    this.timers.reschedule()
    this.driverTimers.reschedule()
  }
}
