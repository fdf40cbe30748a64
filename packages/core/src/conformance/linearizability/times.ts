import type { LockOperation } from './operation.ts'

export interface TimesOptions {
  /** Ticks of the history's clock in a millisecond. Default 1,000,000: it counts nanoseconds. */
  readonly ticksPerMs?: number | undefined
}

/** The operations of a window in their order, and their times in milliseconds from the first call. */
export class Times {
  readonly operations: readonly LockOperation[]
  readonly #base: bigint
  readonly #ticksPerMs: number

  constructor(window: readonly LockOperation[], { ticksPerMs = 1_000_000 }: TimesOptions) {
    this.operations = [...window].sort((a, b) => (a.called < b.called ? -1 : a.called > b.called ? 1 : 0))
    this.#base = this.operations[0]?.called ?? 0n
    this.#ticksPerMs = ticksPerMs
  }

  ms(at: bigint): number {
    return Number(at - this.#base) / this.#ticksPerMs
  }

  told(at: bigint): string {
    return `${Number(this.ms(at).toFixed(3))}`
  }
}
