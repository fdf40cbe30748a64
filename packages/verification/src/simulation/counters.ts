/** How often things happened that make a run worth something. */
export interface Counters {
  /** A lease whose time ran out while its holder still used it. */
  expiryWhileHeld: number
  /** A renewal that reached the server after the claim had ended. */
  lateRenewal: number
  /** An attempt to acquire whose outcome the engine could not know. */
  unknownAcquire: number
  /** A write with an outdated token, refused by the fenced resource. */
  staleWriteRefused: number
  /** A grant that reached a process whose caller had given up. */
  lateGrantAfterAbort: number
  /** A grant to one claim within a few milliseconds of the end of another's hold. */
  handover: number
  /** A grant that a wait brought, without another attempt. */
  grantByWait: number
  /** A lease that was taken over from another of its process, on the same hold at the server. */
  passedOn: number
  /** A caller asked for a part of a key. */
  partsWanted: number
  /** A part was granted while others held theirs. */
  sideBySide: number
  handedOff: number
  resumed: number
  /** A handle that came to a process again while its first lease there began or lived. */
  takenUpTwiceAtOnce: number
  stateLoss: number
  /** Leases of one key valid at once, excused by a server that had lost its state. */
  overlapAfterStateLoss: number
  /** Updates that the unfenced twin of the resource lost. */
  unfencedLostUpdate: number
  /** Keys of whose history the search said whether a lock server can have made it, and those of which it gave up to say so. */
  keysSearched: number
  keysUndecided: number
  acquired: number
  contended: number
  messagesLost: number
  messagesDuplicated: number
  processStopped: number
  machineSuspended: number
  processKilled: number
  wallClockSet: number
  serverStopped: number
}

export const noEvents = (): Counters => ({
  expiryWhileHeld: 0,
  lateRenewal: 0,
  unknownAcquire: 0,
  staleWriteRefused: 0,
  lateGrantAfterAbort: 0,
  handover: 0,
  grantByWait: 0,
  passedOn: 0,
  partsWanted: 0,
  sideBySide: 0,
  handedOff: 0,
  resumed: 0,
  takenUpTwiceAtOnce: 0,
  stateLoss: 0,
  overlapAfterStateLoss: 0,
  unfencedLostUpdate: 0,
  keysSearched: 0,
  keysUndecided: 0,
  acquired: 0,
  contended: 0,
  messagesLost: 0,
  messagesDuplicated: 0,
  processStopped: 0,
  machineSuspended: 0,
  processKilled: 0,
  wallClockSet: 0,
  serverStopped: 0,
})

export function addCounters(total: Counters, more: Counters): void {
  for (const name of Object.keys(total) as (keyof Counters)[]) total[name] += more[name]
}

/** What must have happened in a run of many seeds. Without it, the run proved nothing. */
export const ESSENTIAL: readonly (keyof Counters)[] = [
  'expiryWhileHeld',
  'lateRenewal',
  'unknownAcquire',
  'staleWriteRefused',
  'takenUpTwiceAtOnce',
  'passedOn',
  'sideBySide',
]
