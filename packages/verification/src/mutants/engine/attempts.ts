import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Attempts that are too few, or too many. */
export const attemptMutants = all

const acquireAll = inFile('engine/acquire-all.ts')
const contender = inFile('engine/contender.ts')

add(
  'every-group-asks',
  'every caller who waits for a group asks the backend',
  'wait/herd-of-groups',
  acquireAll('keys.every((key) => hall.desk(key).free)', 'keys.every((key) => hall.desk(key).free || true)'),
)

add(
  'impatient-first-attempt',
  'a wait that is over ends the first attempt, too',
  'wait/first-attempt',
  contender('(this.#failures > 0 ? waiter.timeOut() : this.#wake())', 'waiter.timeOut()'),
)

add(
  'no-last-attempt',
  'a wait that is over ends without another look',
  'wait/last-attempt',
  contender(
    'if (!this.waiter.settled && !this.#takeBrought()) await',
    'if (this.waiter.timeUp) this.waiter.timeOut()\n        if (!this.waiter.settled && !this.#takeBrought()) await',
  ),
)

add(
  'refused-wait-insists',
  'a wait that the backend refuses for good is asked for again at once',
  'wait/wait-refused',
  contender("this.#refused = error.code === 'BACKEND_REFUSED'", 'this.#waitFailures = 1'),
)

add(
  'refused-wait-told-again',
  'the observer is told of every wait that fails',
  'wait/wait-refused',
  contender("this.#refused = error.code === 'BACKEND_REFUSED'", ''),
  contender('if (this.#waitFailures === 1)', 'if (this.#waitFailures > 0)'),
)
