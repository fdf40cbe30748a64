import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Outcomes that are masked, and secrets that are told. */
export const outcomeMutants = all

const wholeDesk = inFile('engine/whole-desk.ts')
const errors = inFile('errors.ts')
const group = inFile('engine/lease-group.ts')
const lockGroup = inFile('engine/lock-group.ts')
const observer = inFile('engine/observer.ts')
const holder = inFile('engine/new-claim.ts')
const lease = inFile('engine/lease.ts')
const limits = inFile('engine/limits.ts')
const requests = inFile('engine/requests.ts')
const run = inFile('engine/run.ts')

add(
  'work-error-masked',
  'the error of a release replaces that of the work',
  'hygiene/work-error',
  run('hold.giveUp().catch(() => undefined)', 'hold.giveUp()'),
)

add(
  'outlived-work-succeeds',
  'work that outlived its lease is reported as success',
  'hygiene/outlived',
  run('if (interruption)', 'if (false)'),
  run(`if (ends[index] === 'lost')`, 'if (false)'),
)

add(
  'disposal-throws',
  'disposing of a lease throws what its release throws',
  'hygiene/disposal',
  lease('await this.release().catch(() => {})', 'await this.release()'),
)

add(
  'observer-trusted',
  'what the observer throws goes through',
  'hygiene/observer-throws',
  observer('new Promise<unknown>((told) => told(inNoContext(callback)))', 'Promise.resolve(callback())'),
)

add(
  'limit-ignored',
  'the cap on leases is not kept',
  'hygiene/limits',
  limits('leases + count > maxLeases', 'count > maxLeases'),
  wholeDesk('this.hall.leases >= this.hall.options.maxLeases', 'false'),
)

add(
  'errors-tell-holders',
  'errors pass on what the driver says, holder ids and all',
  'hygiene/errors-redacted',
  requests('const cause = redact(error)', 'const cause = error as Error'),
)

add(
  'holders-reused',
  'one holder id serves all attempts',
  'hygiene/unguessable',
  holder('used += 2 * ID_BYTES', 'used = 2 * ID_BYTES'),
)

add(
  'group-reordered',
  'a group lists its leases in the order in which they were taken',
  'acquire/group-order',
  lockGroup(
    'this.keys.map((key) => byKey.get(key) as Hold)',
    '[...this.keys].sort().map((key) => byKey.get(key) as Hold)',
  ),
)

add(
  'group-half-checked',
  'a group looks at its last lease only',
  'acquire/group-is-one',
  group('of this.leases) lease.assertHeld', 'of this.leases.slice(-1)) lease.assertHeld'),
)

add(
  'errors-by-class',
  'errors are recognised by their class alone',
  'portability/foreign-errors',
  errors('it?.[marker] === true', 'error instanceof LeaseholdError'),
)
