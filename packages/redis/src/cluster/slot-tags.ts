import { SLOTS, slotOfText } from './slot.ts'

const RADIX = 36

let tags: string[] | undefined

/** A constant name for each slot, which lies in it. They are looked for when the first is needed, which takes some tens of milliseconds. Not an option: processes that differed in it would look for one name in several places. */
export function tagOfSlot(slot: number): string {
  tags ??= firstInEach()
  return tags[slot] as string
}

/** The first number that lies in each slot, as text. */
function firstInEach(): string[] {
  const found: string[] = []
  for (let number = 0, count = 0; count < SLOTS; number += 1) {
    const text = number.toString(RADIX)
    const slot = slotOfText(text)
    if (found[slot] !== undefined) continue
    found[slot] = text
    count += 1
  }
  return found
}
