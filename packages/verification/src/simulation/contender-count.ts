import type { ReportViolation } from './violation.ts'

/** L3: of one process, at most one claim waits at the backend for one key. */
export class ContenderCount {
  readonly #report: ReportViolation
  readonly #waiting = new Map<string, Set<string>>()

  constructor(report: ReportViolation) {
    this.#report = report
  }

  began(process: string, key: string, holder: string): void {
    const place = `${process} ${key}`
    const holders = this.#waiting.get(place) ?? new Set()
    this.#waiting.set(place, holders.add(holder))
    if (holders.size > 1) this.#report('L3', `${process} has ${holders.size} contenders waiting for ${key}`)
  }

  ended(process: string, key: string, holder: string): void {
    this.#waiting.get(`${process} ${key}`)?.delete(holder)
  }

  waiting(process: string, key: string): number {
    return this.#waiting.get(`${process} ${key}`)?.size ?? 0
  }
}
