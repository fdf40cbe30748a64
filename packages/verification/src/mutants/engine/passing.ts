import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Turns that are passed on inside a process where they must not be, or wrongly. */
export const passingMutants = all

const hall = inFile('engine/hall.ts')
const hold = inFile('engine/hold.ts')
const inspect = inFile('engine/inspect.ts')
const passing = inFile('engine/passing.ts')
const renewals = inFile('engine/renewals.ts')
const resume = inFile('engine/resume.ts')

add(
  'token-not-passed-on',
  'the next lease has the token of the one before',
  'fencing/passed-on',
  passing('fencingToken: fencingToken + 1n', 'fencingToken'),
)

add(
  'passed-on-untold',
  'the server is not told under which token a turn was passed on',
  'fencing/passed-on',
  renewals('isPassedOn ?', 'isPassedOn && false ?'),
)

add(
  'own-token-unknown',
  'inspect believes the server, which does not know yet of a turn that was passed on',
  'fencing/passed-on',
  inspect('own ?? found', 'found'),
)

add(
  'metadata-of-the-first',
  'a turn is passed on, though the server shows what the one before had to say',
  'fencing/passed-metadata',
  passing('one.metadata === other.metadata', 'true'),
)

add(
  'handle-without-token',
  'who takes up a handle does not name its token',
  'fencing/passed-hand-off',
  resume('ttlMs: terms.ttlMs, fencingToken }', 'ttlMs: terms.ttlMs }'),
  hold(
    'so must the server.\n    if (!this.#confirmed) void this.hall.renewals.renewNow(this).catch(() => {})',
    'so must the server.',
  ),
)

add(
  'loss-of-the-first-alone',
  'a loss that the backend tells is not that of the lease to which the turn was passed on',
  'fencing/passed-told-loss',
  hall('hold.claim.holder === holder)', 'hold.claim.holder === holder && !hold.isPassedOn)'),
)

add(
  'passed-on-for-ever',
  'turns are passed on for as long as anybody here waits',
  'fencing/passed-evenly',
  passing('const MOST_PASSES = 7', 'const MOST_PASSES = 1000'),
)

add(
  'permit-untold',
  'permits are passed on, and the server is not told under which token',
  'fencing/passed-permit',
  renewals('isPassedOn ?', 'isPassedOn && !claim.share ?'),
)
