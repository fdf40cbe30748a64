import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Holds that begin, last or end wrongly. */
export const holdMutants = all

const store = inFile('memory/store.ts')
const place = inFile('memory/place.ts')
const backend = inFile('memory/backend.ts')
const releasesFromTheStore = 'release: async (claim) => store.release(claim),'
const whoRenews = 'const held = this.#current(claim.key)?.holdOf(claim.holder)\n    if (!held) return this.#gone(claim)'

add(
  'release-ignores-the-holder',
  'whoever releases ends the hold',
  'ttl/spares-successor',
  store('const held = place?.holdOf(claim.holder)', 'const [held] = place?.holds ?? []'),
)

add(
  'release-always-agrees',
  'a release of nothing says yes',
  'ambiguity/release-answers',
  backend(releasesFromTheStore, 'release: async (claim) => { store.release(claim); return true },'),
)

add('ttl-ignored', 'a hold never expires', 'ttl/expires', store('now.monotonicMs + ttlMs', 'Infinity'))

add(
  'freed-early',
  'the key is freed before the granted TTL is over',
  'ttl/not-early',
  store('now.monotonicMs + ttlMs', 'now.monotonicMs + ttlMs * 0.9'),
)

add(
  'freed-late',
  'the key is freed later than the stated slack allows',
  'ttl/expires',
  store('now.monotonicMs + ttlMs', 'now.monotonicMs + ttlMs + 1000'),
)

add(
  'timer-overflow',
  'a TTL longer than a timer can run becomes 1 ms',
  'ttl/longest',
  store('now.monotonicMs + ttlMs', 'now.monotonicMs + (ttlMs > 2147483647 ? 1 : ttlMs)'),
)

add(
  'renewal-acquires',
  'a renewal of a free key takes it',
  'renew/never-acquires',
  store(whoRenews, `this.tryAcquire(claim, { ttlMs })\n    ${whoRenews}`),
)

add(
  'renewal-revives',
  'a renewal of an expired claim that nobody took revives it',
  'ttl/no-revival',
  place('this.fire = onExpiry', 'this.fire = () => {}'),
  store(whoRenews, whoRenews.replace('this.#current', 'this.#places.get')),
)

add(
  'renewal-shortens',
  'a renewal to a smaller TTL shortens the hold',
  'renew/never-shortens',
  store('Math.max(ttlMs, this.#remainingMs(held))', 'ttlMs'),
)

add(
  'renewal-by-anybody',
  'anybody can renew a hold',
  'renew/only-holder',
  store(whoRenews, 'const [held] = this.#current(claim.key)?.holds ?? []\n    if (!held) return this.#gone(claim)'),
)

add(
  'renewals-out-of-order',
  'a batch of renewals is answered in another order',
  'renew/batch-order',
  backend(
    'store.renew(claim, claim.ttlMs, claim.fencingToken))',
    'store.renew(claim, claim.ttlMs, claim.fencingToken)).reverse()',
  ),
)

add(
  'one-ttl-for-all',
  'a batch of renewals is for the TTL of its first claim',
  'renew/batch-ttls',
  backend('store.renew(claim, claim.ttlMs, claim.fencingToken))', 'store.renew(claim, renewals[0]?.ttlMs ?? 0))'),
)

add(
  'short-changed',
  'a grant is for half the time that was asked for',
  'acquire/free-key',
  store('return held.grant(terms.ttlMs)', 'return held.grant(terms.ttlMs / 2)'),
)

add(
  'release-pretended',
  'a release says yes and does nothing',
  'acquire/released-key',
  backend(releasesFromTheStore, 'release: async () => true,'),
)

add(
  'kept-alive-together',
  'a renewal keeps everything alive that its client has taken, as a session does that all its holds share',
  'ttl/expires-beside',
  backend('return {\n    name:', 'const taken: Parameters<typeof store.renew>[0][] = []\n  return {\n    name:'),
  backend(
    'tryAcquire: async (claim, terms) => store.tryAcquire(claim, terms),',
    'tryAcquire: async (claim, terms) => { taken.push(claim); return store.tryAcquire(claim, terms) },',
  ),
  backend(
    'renew: async (renewals) => renewals',
    'renew: async (renewals) => (taken.forEach((claim) => store.renew(claim, renewals[0]?.ttlMs ?? 0)), renewals)',
  ),
)

const releasesMany = 'claims.map((claim) => store.release(claim)),'

add(
  'release-all-agrees',
  'a release of many says yes for each',
  'ambiguity/release-all',
  backend(releasesMany, 'claims.map((claim) => (store.release(claim), true)),'),
)

add(
  'release-all-shuffled',
  'a release of many answers in another order',
  'ambiguity/release-all-at-once',
  backend(releasesMany, 'claims.map((claim) => store.release(claim)).sort(),'),
)
