import { SLOTS, slotOfText } from './cluster/slot.ts'

/**
 * Constant names, each chosen for its slot: one in the middle of each twelfth of all slots, so that 2, 3, 4, 6 or 12 masters with as many slots each
 * have as many partitions each. Not an option: processes that differed in it would look for one lock in several places.
 */
export const PARTITIONS: readonly string[] = [
  'a2n',
  'bj2',
  'chj',
  'd4g',
  'eeg',
  'f5s',
  'g53',
  'hal',
  'ic4',
  'jyc',
  'k2x',
  'lbt',
]

/** A key is in that twelfth of the slots in which it would be by itself. */
export const partitionOf = (key: string): string =>
  PARTITIONS[Math.floor((slotOfText(key) * PARTITIONS.length) / SLOTS)] as string
