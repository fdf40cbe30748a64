/** How a test or a check ended. */
export type State = 'passed' | 'failed' | 'skipped'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}
