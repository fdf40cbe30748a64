import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Waits that hang, leak or are unfair. */
export const waitingMutants = all

const store = inFile('memory/store.ts')
const backend = inFile('memory/backend.ts')

add(
  'waiter-leaked',
  'an aborted and released waiter keeps its place',
  'wait/abort-leaves-nothing',
  store('if (waiting.get(claim.holder) === entry) waiting.delete(claim.holder)', ''),
  store('held.waiting.delete(claim.holder)', ''),
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
    'const [next] = held.waiting.values()',
    `const [next, second] = held.waiting.values()
    second?.settle(grantOf(held, this.#remainingMs(held)))`,
  ),
)

add(
  'last-in-first-out',
  'the last who began to wait is let in first, although the backend claims to be fair',
  'wait/fifo',
  store('const [next] = held.waiting.values()', 'const next = [...held.waiting.values()].at(-1)'),
)

add(
  'poll-loses-place',
  'a waiter that tries again goes to the end of the queue',
  'wait/poll-keeps-place',
  store(
    'return { granted: false, remainingMs: this.#remainingMs(held) }',
    `const place = held.waiting.get(claim.holder)
    if (place !== undefined) {
      held.waiting.delete(claim.holder)
      held.waiting.set(claim.holder, place)
    }
    return { granted: false, remainingMs: this.#remainingMs(held) }`,
  ),
)

add(
  'free-key-waits',
  'waiting for a free key waits for a release that never comes',
  'wait/turn-of-a-free-key',
  store('settle(answer)', ''),
)

add(
  'wake-up-forgotten',
  'a release wakes nobody',
  'wait/pushed',
  store('const [next] = held.waiting.values()', 'const next = undefined'),
)

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
    'return false\n    }\n    this.#passOn(held)',
    'return false\n    }\n    if (!alone) held.waiting.clear()\n    this.#passOn(held)',
  ),
)

add(
  'line-left-alone',
  'a release of many ends holds, and leaves waiters in line',
  'wait/left-by-release-all',
  ...releaseOfMany,
  store('if (waiting.get(claim.holder) === entry) waiting.delete(claim.holder)', ''),
  store('held.waiting.delete(claim.holder)', 'if (alone) held.waiting.delete(claim.holder)'),
)

add(
  'grant-without-since',
  'a grant that a wait brings does not tell from when it counts',
  'wait/since',
  backend('{ ...grant, since: grantedAt(grant, claim.key) }', 'grant'),
)
