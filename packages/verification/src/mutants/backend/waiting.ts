import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Waits that hang, leak or are unfair. */
export const waitingMutants = all

const store = inFile('memory/store.ts')
const leavesLine = 'if (place.waiting.get(claim.holder) !== entry) return'
const releasesPlace = 'place.waiting.get(claim.holder)?.settle(undefined)\n    place.waiting.delete(claim.holder)'
const endOfRelease = 'this.#advance(place)\n    return !!held'
const backend = inFile('memory/backend.ts')

add(
  'waiter-leaked',
  'an aborted and released waiter keeps its place',
  'wait/abort-leaves-nothing',
  store(leavesLine, 'return'),
  store(releasesPlace, ''),
)

add(
  'abort-ignored',
  'an aborted wait goes on',
  'wait/abort-settles',
  backend('const stop = () => {', 'const stop = () => {}\n        const ignored = () => {'),
)

add(
  'abort-ends-hold',
  'the abort of a wait releases the claim, whatever came of it',
  'wait/abort-spares-hold',
  backend(
    'if (signal.aborted) stop()',
    `signal.addEventListener('abort', () => void store.release(claim))
        if (signal.aborted) stop()`,
  ),
)

add(
  'turn-for-two',
  'a release lets the first two waiters in',
  'wait/one-turn-one-grant',
  store(
    'const slots = slotsFor(place.holds, claim.share)',
    'const slots = slotsFor(place.holds.length > 1 ? place.holds : [], claim.share)',
  ),
)

add(
  'last-in-first-out',
  'the last who began to wait is let in first, although the backend claims to be fair',
  'wait/fifo',
  store('settle } of place.waiting.values()) {', 'settle } of [...place.waiting.values()].reverse()) {'),
)

add(
  'poll-loses-place',
  'a waiter that tries again goes to the end of the queue',
  'wait/poll-keeps-place',
  store(
    'return { granted: false, remainingMs: this.#nextExpiryMs(place) }',
    `const waiter = place.waiting.get(claim.holder)
    if (waiter !== undefined) {
      place.waiting.delete(claim.holder)
      place.waiting.set(claim.holder, waiter)
    }
    return { granted: false, remainingMs: this.#nextExpiryMs(place) }`,
  ),
)

add(
  'free-key-waits',
  'waiting for a free key waits for a release that never comes',
  'wait/turn-of-a-free-key',
  store('settle(answer)', ''),
)

add('wake-up-forgotten', 'a release wakes nobody', 'wait/pushed', store(endOfRelease, 'return !!held'))

const releaseOfMany = [
  store('release(claim: Claim): boolean {', 'release(claim: Claim, alone = true): boolean {'),
  backend('claims.map((claim) => store.release(claim)),', 'claims.map((claim) => store.release(claim, false)),'),
]

add(
  'wake-up-of-one-release',
  'a release of many forgets those who wait',
  'wait/turn-on-release-all',
  ...releaseOfMany,
  store(
    endOfRelease,
    `if (!alone) place.waiting.clear()
    ${endOfRelease}`,
  ),
)

add(
  'line-left-alone',
  'a release of many ends holds, and leaves waiters in line',
  'wait/left-by-release-all',
  ...releaseOfMany,
  store(leavesLine, 'return'),
  store(
    releasesPlace,
    'if (alone) { place.waiting.get(claim.holder)?.settle(undefined); place.waiting.delete(claim.holder) }',
  ),
)

add(
  'grant-without-since',
  'a grant that a wait brings does not tell from when it counts',
  'wait/since',
  backend('{ ...grant, since: grantedAt(grant, claim) }', 'grant'),
)
