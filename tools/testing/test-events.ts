import type { Counts, State } from './counts.ts'

/** What a run of vitest tells the process that started it. */
export type TestEvent =
  | { readonly type: 'started'; readonly file: string }
  | { readonly type: 'collected'; readonly file: string; readonly tests: number }
  | { readonly type: 'tested'; readonly file: string; readonly state: State }
  | TestFailed
  | { readonly type: 'ended'; readonly file: string; readonly counts: Counts }

export interface TestFailed {
  readonly type: 'failed'
  readonly file: string
  /** Undefined: it was the file itself, or nobody knows whose fault it was. */
  readonly test: TestName | undefined
  readonly report: string
}

/** The names of the groups that a test stands in, then its own. */
export type TestName = readonly string[]
