import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Waits that are unfair, deaf, or cost too much. */
export const waitingMutants = all

const acquireAll = inFile('engine/acquire-all.ts')
const contender = inFile('engine/contender.ts')
const context = inFile('engine/holding-context.ts')
const desk = inFile('engine/desk.ts')
const wholeDesk = inFile('engine/whole-desk.ts')
const options = inFile('engine/options.ts')
const waiter = inFile('engine/waiter.ts')

add(
  'all-contend',
  'every waiting caller contends at the backend',
  'wait/herd',
  wholeDesk('if (!next || this.#isContended) return', 'if (!next) return'),
  desk('if (this.free && !terms.signal) return this.#acquireAlone(terms, since)', ''),
)

add(
  'local-last-first',
  'the last caller who asked is served first',
  'wait/local-fifo',
  desk(
    'this.line.add(waiter)',
    `const asked = [waiter, ...this.line]
    this.line.clear()
    for (const each of asked) this.line.add(each)`,
  ),
)

add(
  'no-poll',
  'where a wake-up is lost, nobody asks again',
  'wait/lost-wake-up',
  contender('?? this.#pollDelayMs())', '?? 2 ** 40)'),
)

add(
  'no-push',
  'the backend is not asked to wake anybody',
  'wait/pushed',
  contender('if (!hall.backend.waitForTurn || this.#turn', 'if (true || this.#turn'),
)

add(
  'hints-obeyed',
  'every hint is followed at once, however many come',
  'wait/false-hints',
  contender('this.#soonHints > SOON_HINTS', 'false'),
)

add(
  'bounded-wait-gives-up',
  'a bounded wait ends at the first request that fails',
  'ambiguity/outage-waited-for',
  options("whenUnreachable === 'wait' && waitMs !== 0", 'false'),
)

add(
  'outage-endured',
  'an unbounded wait hides an unreachable backend',
  'ambiguity/outage-reported',
  options("whenUnreachable === 'wait' && waitMs !== 0", 'waitMs !== 0'),
)

add(
  'listener-leaked',
  'a caller leaves its listener on the signal it gave',
  'hygiene/no-growth',
  waiter(`this.terms.signal?.removeEventListener('abort', this.#onAbort)`, ''),
)

add(
  'self-deadlock-waits',
  'a context that acquires what it holds waits for itself',
  'acquire/self-deadlock',
  context("const [own] = whenHeld === 'wait' ? [] : ownAmong(holds)", 'const [own] = [] as typeof holds'),
)

add(
  'group-in-any-order',
  'the keys of a group are taken in the order in which they were given',
  'acquire/group-crossed',
  acquireAll('[...keys].sort()', '[...keys]'),
)
