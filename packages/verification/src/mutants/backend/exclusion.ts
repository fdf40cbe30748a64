import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Attempts that are answered wrongly. */
export const exclusionMutants = all

const store = inFile('memory/store.ts')
const backend = inFile('memory/backend.ts')
const refusal = 'return { granted: false, remainingMs: this.#nextExpiryMs(place) }'
const grantsFromTheStore = 'tryAcquire: async (claim, terms) => store.tryAcquire(claim, terms),'

add(
  'not-idempotent',
  'a claim that holds the key is refused when it asks again',
  'acquire/idempotent',
  store('if (own) return own.grant(this.#remainingMs(own))', ''),
)

add(
  'repeat-promises-too-much',
  'a repeated claim is promised its whole TTL, of which some has passed',
  'acquire/repeat-remaining',
  store('return own.grant(this.#remainingMs(own))', 'return own.grant(own.terms.ttlMs)'),
)

add(
  'second-holder',
  'a second claim is granted a held key',
  'acquire/held-key',
  store(refusal, 'return this.#grant(place, claim, terms, [])'),
)

add(
  'check-then-act',
  'whether the key is free is looked at in one step, and the key is taken in another',
  'acquire/one-of-many',
  store(
    'get size()',
    'overwrite(claim, terms) { return this.#grant(this.#open(claim.key), claim, terms, []) }\n  get size()',
  ),
  backend(
    grantsFromTheStore,
    `async tryAcquire(claim, terms) {
      const free = store.inspect(claim.key).length === 0
      await new Promise((resolve) => setImmediate(resolve))
      return free ? store.overwrite(claim, terms) : store.tryAcquire(claim, terms)
    },`,
  ),
)

add(
  'refusal-queues',
  'a refused attempt leaves a place in the queue behind',
  'acquire/refusal-leaves-nothing',
  store(
    refusal,
    `place.waiting.set(claim.holder, { claim, terms, settle: () => {} })
    ${refusal}`,
  ),
)

add(
  'refusal-exaggerates',
  'a refusal tells more remaining time than there is',
  'acquire/refusal-remaining',
  store(refusal, 'return { granted: false, remainingMs: this.#nextExpiryMs(place) * 10 }'),
)

add(
  'group-keeps-a-part',
  'a refused group keeps the keys that were free',
  'acquire/all-or-nothing',
  backend(
    'store.tryAcquireAll(claims, terms)',
    `claims.map((claim) => store.tryAcquire(claim, terms)).reduce(
      (all, answer) => (all.granted === false || !answer.granted ? { granted: false } : [...all, answer]),
      [],
    )`,
  ),
)

add(
  'group-out-of-order',
  'the grants of a group stand in another order than its claims',
  'acquire/all-in-order',
  backend('store.tryAcquireAll(claims, terms)', 'store.tryAcquireAll([...claims].reverse(), terms)'),
)
