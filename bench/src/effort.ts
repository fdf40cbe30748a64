/** How much is done of each: enough for figures, or just enough to see that it runs. */
export interface Effort {
  readonly rounds: number
  /** How long each side of a round goes on. */
  readonly roundMs: number
  readonly handovers: number
  readonly crowdMs: number
  readonly processes: number
  readonly callers: number
}

export const FULL: Effort = { rounds: 7, roundMs: 700, handovers: 60, crowdMs: 4000, processes: 8, callers: 8 }
export const QUICK: Effort = { rounds: 2, roundMs: 60, handovers: 3, crowdMs: 500, processes: 2, callers: 2 }
