/** How much is done of each: enough for figures, or just enough to see that it runs. */
export interface Effort {
  readonly rounds: number
  /** Of what is uncontended: how often each side has a turn, and for how long. */
  readonly slices: number
  readonly sliceMs: number
  /** Of those who take parts of one key: how long each side has a turn. */
  readonly partsMs: number
  readonly handovers: number
  readonly crowdMs: number
  readonly processes: number
  readonly callers: number
}

export const FULL: Effort = {
  rounds: 7,
  slices: 35,
  sliceMs: 140,
  partsMs: 1000,
  handovers: 60,
  crowdMs: 4000,
  processes: 8,
  callers: 8,
}
export const QUICK: Effort = {
  rounds: 2,
  slices: 2,
  sliceMs: 40,
  partsMs: 40,
  handovers: 3,
  crowdMs: 500,
  processes: 2,
  callers: 2,
}
