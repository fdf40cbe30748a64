import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Statements that are not true: capabilities and inspections. */
export const claimMutants = all

const store = inFile('memory/store.ts')
const place = inFile('memory/place.ts')
const backend = inFile('memory/backend.ts')
const grantsFromTheStore = 'tryAcquire: async (claim, terms) => store.tryAcquire(claim, terms),'
const releasesFromTheStore = 'release: async (claim) => store.release(claim),'

add(
  'inspect-tells-the-holder',
  'inspect shows the holder id',
  'hygiene/inspection-redacted',
  place('remainingMs, metadata }', 'remainingMs, metadata, holder: claim.holder }'),
)

add(
  'inspect-shows-the-dead',
  'inspect shows a hold that has expired',
  'fencing/inspected-expiry',
  place('this.fire = onExpiry', 'this.fire = () => {}'),
  store('const holds = this.#current(key)?.holds', 'const holds = this.#places.get(key)?.holds'),
)

add(
  'metadata-cut',
  'metadata is cut to 1000 characters',
  'input/metadata',
  place('remainingMs, metadata }', 'remainingMs, metadata: metadata?.slice(0, 1000) }'),
)

add(
  'smallest-ttl-lies',
  'the smallest TTL is claimed to be more than it is',
  'ttl/smallest',
  backend('minTtlMs: 1', 'minTtlMs: 100'),
)

add(
  'hand-off-lies',
  'only the client that acquired can renew and release, although the backend claims otherwise',
  'portability/claims-travel',
  backend('return {\n    name', 'const mine = new Set()\n  return {\n    name'),
  backend(
    grantsFromTheStore,
    'tryAcquire: async (claim, terms) => { mine.add(claim.holder); return store.tryAcquire(claim, terms) },',
  ),
  backend(
    'renewals.map((claim) => store.renew(claim, claim.ttlMs, claim.fencingToken))',
    `renewals.map((claim) => (mine.has(claim.holder) ? store.renew(claim, claim.ttlMs, claim.fencingToken) : 'gone'))`,
  ),
)

add(
  'slack-malformed',
  'a capability is no number',
  'portability/capabilities',
  backend('slackMs: 0', 'slackMs: Number.NaN'),
)

add(
  'close-drops-everything',
  'closing one client ends the holds of all',
  'hygiene/close-spares-others',
  backend(releasesFromTheStore, `${releasesFromTheStore}\n    close: async () => store.forgetAll(),`),
)

add(
  'capabilities-waver',
  'every client claims other capabilities',
  'portability/same-capabilities',
  backend('slackMs: 0', 'slackMs: performance.now() / 1000'),
)
