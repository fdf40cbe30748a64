import type { FaultKind, LockOperation, SearchOptions } from '@leasehold/core/conformance'

/** A history by hand, and what it shows. */
export interface Specimen {
  readonly name: string
  readonly history: readonly LockOperation[]
  readonly options?: SearchOptions
}

/** One that no lock server can have made, and what is wrong with it. */
export interface BadSpecimen extends Specimen {
  readonly fault: FaultKind
  /** How many of its operations are left in the smallest window. */
  readonly window: number
}
