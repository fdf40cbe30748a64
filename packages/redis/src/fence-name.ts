import { slotOfText } from './cluster/slot.ts'
import { tagOfSlot } from './cluster/slot-tags.ts'
import { ownTagOf } from './key-names.ts'

/**
 * Where the highest token of a value stands: in the slot of the value. A key that brings a hash tag shares it; of any other the whole key is made the tag. Where braces forbid that, another name for its slot is. The three
 * kinds end differently, so no two keys share a fence. `prefix` stands before both when they are hashed.
 */
export function fenceName(prefix: string, key: string): string {
  const hashed = `${prefix}${key}`
  if (ownTagOf(hashed) !== undefined) return `${key}:fence`
  if (!/[{}]/.test(hashed)) return `fence:{${hashed}}`
  return `fence:{${tagOfSlot(slotOfText(hashed))}}:${key}:`
}
