import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Parts of a key that are given to too many, to too few, or out of turn. */
export const partMutants = all

const store = inFile('memory/store.ts')
const place = inFile('memory/place.ts')
const otherKinds = 'if (!share || claim.share?.kind !== share.kind) return undefined'
const fits = 'const slots = slotsFor(place.holds, claim.share)\n      if (!slots) return'

add(
  'reader-beside-writer',
  'a reader is granted a key that a writer holds',
  'shared/excludes',
  place(otherKinds, `if (share?.kind === 'shared') continue\n    ${otherKinds}`),
)

add(
  'writer-beside-reader',
  'a writer is granted a key that a reader holds',
  'shared/excludes',
  place(otherKinds, `if (!share && claim.share?.kind === 'shared') continue\n    ${otherKinds}`),
)

add(
  'permit-beside-reader',
  'permits are granted of a key that a reader holds',
  'permits/kinds',
  place(otherKinds, 'if (!share || !claim.share) return undefined'),
)

add(
  'writer-starved',
  'a reader who comes is let in, whoever waits',
  'shared/no-overtaking',
  store('const isOpen = !place || place.waiting.size === 0', 'const isOpen = true'),
)

add(
  'line-overtaken',
  'whoever fits is let in from the line, although others stand before it',
  'permits/no-overtaking',
  store(fits, 'const slots = slotsFor(place.holds, claim.share)\n      if (!slots) continue'),
  // As it is: nobody is let in while others wait.
  store(
    'return { granted: false, remainingMs: this.#nextExpiryMs(place) }',
    'if (place) this.#advance(place)\n    return { granted: false, remainingMs: 1 }',
  ),
  store('place.waiting.set(claim.holder, entry)', 'place.waiting.set(claim.holder, entry)\n    this.#advance(place)'),
)

add(
  'one-reader-let-in',
  'of the readers at the head of the line only the first is let in',
  'shared/all-at-once',
  store('settle(this.#grant(place, claim, terms, slots))', 'return settle(this.#grant(place, claim, terms, slots))'),
)

add(
  'one-release-for-all',
  'the first reader to leave lets the writer in',
  'shared/last-reader',
  store('if (held) this.#end(place, held)', 'if (held) for (const each of place.holds) this.#end(place, each)'),
)

add(
  'one-death-for-all',
  'the end of one silent reader is the end of all',
  'shared/expiry',
  store(
    'this.#end(place, held)\n      expired',
    'for (const each of place.holds) this.#end(place, each)\n      expired',
  ),
)

add(
  'renewed-with-others',
  'who renews keeps those alive who stand beside',
  'shared/expiry',
  store(
    'this.#keepFor(held, keepMs)',
    'for (const each of this.#places.get(claim.key)?.holds ?? []) this.#keepFor(each, keepMs)',
  ),
)

add(
  'one-permit-too-many',
  'a permit more is granted than there are',
  'permits/count',
  place('slot < share.of &&', 'slot <= share.of &&'),
)

add(
  'slot-given-twice',
  'of those who have several permits only one is counted',
  'permits/several',
  place('for (const slot of slots) taken.add(slot)', 'for (const slot of slots.slice(0, 1)) taken.add(slot)'),
)

add(
  'part-of-the-permits',
  'who asks for several permits gets those that are there',
  'permits/several',
  place('return free.length === share.take ? free : undefined', 'return free.length > 0 ? free : undefined'),
)

add(
  'slot-token-back',
  'the token of a slot is the number of those who stand beside',
  'permits/slot-again',
  store('new StoreHold(claim, terms, this.#nextToken,', 'new StoreHold(claim, terms, BigInt(place.holds.length + 1),'),
)

add(
  'slots-forgotten',
  'a renewal does not tell the slots',
  'permits/repeated',
  store('return held.grant(keepMs)', 'const { slots: _, ...grant } = held.grant(keepMs)\n    return grant'),
)

add(
  'dead-permit',
  'the slot of a silent holder is nobody’s while others hold theirs',
  'permits/expiry',
  store('if (held.expiresAtMs > nowMs) continue', 'if (held.expiresAtMs > nowMs || place.holds.length > 1) continue'),
)
