import { availableParallelism, cpus } from 'node:os'

/** Up to this lateness of timers and answers, the times of cases are as written. */
const AS_WRITTEN_MS = 10

/** Slower than this, a machine is of no use: cases would take minutes, and drivers give up by limits of their own. */
const MAX_SLOWDOWN = 8

/** How many looks are remembered, and the share of them that times are made for: a case that meets one of the others is inconclusive. */
const LOOKS = 100
const SHARE_SERVED = 0.9

/** How often it is looked how late timers are. */
const SAMPLE_MS = 20

/** What is looked at before the first case. */
const FIRST_SAMPLES = 10

/** A machine of whose time others take more than this share is not idle. */
const BUSY_SHARE = 0.25

/**
 * How slow this machine is, and the way to the server: the one place where the times of cases are scaled. It is measured before the first
 * case and for as long as cases run, by how late timers fire and how long a warm client waits for an answer.
 */
export class Pace {
  readonly #readings = new Set<Reading>()
  readonly #looks: number[] = []
  #sampler: NodeJS.Timeout | undefined

  /** By how much times are longer than written: 1 on a machine that keeps up. */
  get slowdown(): number {
    const sorted = this.#looks.toSorted((one, other) => one - other)
    const lateMs = sorted[Math.floor(sorted.length * SHARE_SERVED)] ?? 0
    return Math.min(MAX_SLOWDOWN, Math.max(1, lateMs / AS_WRITTEN_MS))
  }

  /** Measures before there is anything to run. `trip`: a client in use asks and is answered. */
  async measure(trip: () => Promise<unknown>): Promise<void> {
    for (let i = 0; i < FIRST_SAMPLES; i += 1) {
      const begunMs = performance.now()
      await trip()
      this.note(performance.now() - begunMs)
      const dueMs = performance.now() + 1
      await new Promise((resolve) => setTimeout(resolve, 1))
      this.note(performance.now() - dueMs)
    }
  }

  /** A timer fired, or an answer came, this much later than it could. */
  note(lateMs: number): void {
    this.#looks.push(lateMs)
    if (this.#looks.length > LOOKS) this.#looks.shift()
    for (const reading of this.#readings) reading.note(lateMs)
  }

  /** Looks at the machine until `end` is called. */
  read(): Reading {
    const reading: Reading = new Reading(() => this.#end(reading))
    this.#readings.add(reading)
    this.#sampler ??= this.#sample()
    return reading
  }

  #end(reading: Reading): void {
    this.#readings.delete(reading)
    if (this.#readings.size > 0) return
    clearTimeout(this.#sampler)
    this.#sampler = undefined
  }

  /** Keeps the process alive: what a backend has under way need not. */
  #sample(): NodeJS.Timeout {
    const dueMs = performance.now() + SAMPLE_MS
    return setTimeout(() => {
      this.note(performance.now() - dueMs)
      this.#sampler = this.#sample()
    }, SAMPLE_MS)
  }
}

/** What was seen of the machine during one case. */
export class Reading {
  readonly #end: () => void
  readonly #before = cpuTimes()
  #worstMs = 0
  #othersShare: number | undefined

  constructor(end: () => void) {
    this.#end = end
  }

  note(lateMs: number): void {
    this.#worstMs = Math.max(this.#worstMs, lateMs)
  }

  end(): void {
    this.#end()
    const after = cpuTimes()
    const others = after.busyMs - this.#before.busyMs - (after.ownMs - this.#before.ownMs)
    this.#othersShare = others / Math.max(1, after.allMs - this.#before.allMs)
  }

  /** Why a case that failed meanwhile says nothing, where it takes no more lateness than this; undefined where it says something. */
  inconclusive(toleratedMs: number): string | undefined {
    if (this.#worstMs <= toleratedMs) return undefined
    return `a timer or an answer was ${Math.round(this.#worstMs)} ms late; the case tolerates ${Math.round(toleratedMs)} ms`
  }

  /** Others took the machine's time meanwhile: servers of the suite count as such. */
  get busyWithOthers(): boolean {
    return (this.#othersShare ?? 0) > BUSY_SHARE
  }
}

/** Processor time since the machine started, of all and of this process, in milliseconds. */
function cpuTimes() {
  const times = cpus().map((cpu) => cpu.times)
  const idleMs = times.reduce((sum, { idle }) => sum + idle, 0)
  const busyMs = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0)
  const { user, system } = process.cpuUsage()
  // Where the machine does not tell, nothing was busy.
  return { busyMs, allMs: busyMs + idleMs || availableParallelism(), ownMs: (user + system) / 1_000 }
}
