import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Tokens that do not fence. */
export const tokenMutants = all

const store = inFile('memory/store.ts')
const backend = inFile('memory/backend.ts')
const grantsFromTheStore = 'tryAcquire: async (claim, terms) => store.tryAcquire(claim, terms),'

add(
  'constant-token',
  'every grant has the same token',
  'fencing/over-release',
  store('this.#nextToken = held.lastToken + 1n', 'this.#nextToken += 0n'),
)

add(
  'token-forgotten-on-expiry',
  'an expired key begins with its first token again',
  'fencing/over-expiry',
  store('if (!expired) return place', 'if (!expired) return place\n    this.#nextToken = 1n'),
)

add(
  'token-before-exclusion',
  'the token is drawn before the key is taken',
  'fencing/under-load',
  store('get size()', 'draw() { return this.#nextToken++ }\n  get size()'),
  backend(
    grantsFromTheStore,
    `async tryAcquire(claim, terms) {
      const fencingToken = store.draw()
      for (let i = fencingToken % 3n; i > 0n; i -= 1n) await new Promise((resolve) => setImmediate(resolve))
      const answer = store.tryAcquire(claim, terms)
      return answer.granted ? { ...answer, fencingToken } : answer
    },`,
  ),
)

add(
  'token-of-the-claim',
  'a claim that is granted again gets the token it had before',
  'fencing/same-claim',
  backend(
    grantsFromTheStore,
    `async tryAcquire(claim, terms) {
      const answer = store.tryAcquire(claim, terms)
      if (!answer.granted) return answer
      store.known ??= new Map()
      const fencingToken = store.known.get(claim.holder) ?? answer.fencingToken
      store.known.set(claim.holder, fencingToken)
      return { ...answer, fencingToken }
    },`,
  ),
)

add(
  'renewal-draws-a-token',
  'a renewal comes with a new token',
  'renew/keeps-token',
  store('return held.grant(keepMs)', 'return { ...held.grant(keepMs), fencingToken: this.#nextToken++ }'),
)

add(
  'reserved-token-granted',
  'a token that was reserved for one process is granted to another',
  'fencing/reserved',
  store('this.#nextToken = held.lastToken + 1n', 'this.#nextToken += 1n'),
)

add(
  'any-token-taken-over',
  'a renewal gives the hold whatever token it names',
  'fencing/reserved-renewal',
  store(' && fencingToken <= held.lastToken', ''),
)

add(
  'token-taken-back',
  'a renewal gives the hold a smaller token than it had',
  'fencing/reserved-renewal',
  store('if (fencingToken > held.fencingToken &&', 'if (fencingToken > 0n &&'),
)
