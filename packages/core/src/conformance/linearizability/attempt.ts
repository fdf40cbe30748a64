import type { Refusal, State } from './model.ts'

/** How far an attempt to explain a history has come. */
export interface Attempt {
  /** Of the steps that must be explained, in the order in which they returned: the first that is not. */
  readonly due: number
  /** Those after it that are explained already. */
  readonly ahead: readonly number[]
  /** Of the others, those that have taken effect: a bit each. */
  readonly taken: bigint
  readonly state: State
}

/** A step that an attempt has made impossible, by its place among those that must be explained. */
export interface PassedOver {
  readonly index: number
  readonly refusal: Refusal
}
