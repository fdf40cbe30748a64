import type { AcquireOptions, HoldOptions, Lease } from '@leasehold/core'
import type { Host } from './host.ts'
import type { RunContext } from './run-context.ts'

export interface Wait {
  readonly options: AcquireOptions
  /** When the wait must be over, by its deadline and one request, or by its abort; undefined: when it is granted. */
  readonly limitMs: number | undefined
}

/** The reason with which callers abort. */
export const GAVE_UP = 'the caller gave up'
/** How long after its deadline, or its abort, a wait may end when the event loop is free. */
const PATIENCE_MS = 10
const LONGEST_WAIT_MS = 800

/** What a caller asks for. */
export class Wishes {
  readonly #run: RunContext
  readonly #host: Host

  constructor(run: RunContext, host: Host) {
    this.#run = run
    this.#host = host
  }

  hold(): HoldOptions {
    const { prng } = this.#host
    const { ttlsMs, calm } = this.#run.scenario
    const options = { ttlMs: prng.pick(ttlsMs), autoRenew: calm || prng.chance(0.6) }
    return prng.chance(0.2) ? { ...options, maxHoldMs: prng.integer(50, 1000) } : options
  }

  wait(): Wait {
    const { prng } = this.#host
    const options: AcquireOptions = { ...this.hold(), whenHeld: 'wait' }
    const waitMs = prng.integer(1, LONGEST_WAIT_MS)
    const waits: readonly [() => Wait, ...(() => Wait)[]] = [
      () => ({ options, limitMs: undefined }),
      () => ({ options: { ...options, waitMs: 0 }, limitMs: this.#run.scenario.requestTimeoutMs }),
      () => ({ options: { ...options, waitMs }, limitMs: waitMs + this.#run.scenario.requestTimeoutMs }),
      () => ({ options: { ...options, waitMs }, limitMs: waitMs + this.#run.scenario.requestTimeoutMs }),
      () => ({ options: { ...options, signal: this.#abortedAfter(waitMs) }, limitMs: waitMs }),
      () => ({ options: { ...options, signal: this.#abortedAfter(waitMs), waitMs: waitMs + 100 }, limitMs: waitMs }),
    ]
    return prng.pick(waits)()
  }

  /** Often without an end: then only their order keeps callers from waiting for each other in a circle. */
  waitForSeveral(): AcquireOptions {
    return this.#host.prng.chance(0.6) ? { ...this.hold(), whenHeld: 'wait' } : this.wait().options
  }

  /** L4: a wait ends when its time is over and the attempt then under way is answered, or when its caller gives up, and not much later. */
  async inTime({ limitMs = Number.POSITIVE_INFINITY }: Wait, acquire: () => Promise<Lease>): Promise<Lease> {
    const { machine, name } = this.#host
    const { disturbances } = machine
    const startedMs = machine.timers.now().monotonicMs
    try {
      return await acquire()
    } finally {
      const tookMs = machine.timers.now().monotonicMs - startedMs
      if (machine.disturbances === disturbances && tookMs > limitMs + PATIENCE_MS)
        this.#run.report('L4', `${name}: a wait of ${limitMs} ms took ${tookMs.toFixed(1)} ms`)
    }
  }

  #abortedAfter(ms: number): AbortSignal {
    const abort = new AbortController()
    this.#host.machine.driverTimers.setTimer(ms, () => abort.abort(new Error(GAVE_UP)))
    return abort.signal
  }
}
