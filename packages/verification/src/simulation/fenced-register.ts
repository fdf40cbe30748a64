import type { Engine } from './engine.ts'
import type { ReportViolation } from './violation.ts'

/** One value per key, read and written as in "read, add one, write". */
export interface ReadValues {
  readonly fenced: number
  readonly unfenced: number
}

interface Cell {
  fenced: number
  unfenced: number
  accepted: number
  writes: number
  lastToken: bigint | undefined
}

/**
 * The resource that the locks protect, and beside it a twin that trusts its callers. The fenced one looks at the token of reads, too: a write
 * that is based on a read must not be accepted after a newer holder has read.
 */
export class FencedRegister {
  readonly #guard: InstanceType<Engine['FenceGuard']>
  readonly #report: ReportViolation
  readonly #cells = new Map<string, Cell>()

  constructor(guard: InstanceType<Engine['FenceGuard']>, report: ReportViolation) {
    this.#guard = guard
    this.#report = report
  }

  /** Throws `STALE_TOKEN`. */
  read(key: string, token: bigint): ReadValues {
    this.#guard.check(key, token)
    const { fenced, unfenced } = this.#cell(key)
    return { fenced, unfenced }
  }

  /** Writes one more than was read. The twin takes everything; the fenced value throws `STALE_TOKEN`. */
  write(key: string, token: bigint, read: ReadValues): void {
    const cell = this.#cell(key)
    cell.unfenced = read.unfenced + 1
    cell.writes += 1
    this.#guard.check(key, token)
    this.#accept(key, cell, token)
    cell.fenced = read.fenced + 1
    if (cell.fenced !== cell.accepted)
      this.#report('fenced', `${key}: ${cell.accepted} writes were accepted, the value is ${cell.fenced}`)
  }

  /** Updates that the unfenced twin has lost. */
  get unfencedLost(): number {
    return [...this.#cells.values()].reduce((lost, { writes, unfenced }) => lost + writes - unfenced, 0)
  }

  #accept(key: string, cell: Cell, token: bigint): void {
    if (cell.lastToken !== undefined && token < cell.lastToken)
      this.#report('fenced', `${key}: accepted ${token} after ${cell.lastToken}`)
    cell.lastToken = token
    cell.accepted += 1
  }

  #cell(key: string): Cell {
    const known = this.#cells.get(key)
    if (known !== undefined) return known
    const cell = { fenced: 0, unfenced: 0, accepted: 0, writes: 0, lastToken: undefined }
    this.#cells.set(key, cell)
    return cell
  }
}
