import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Two things that happen at the same time, of which one is not heard. */
export const crossingMutants = all

const acquireAll = inFile('engine/acquire-all.ts')
const close = inFile('engine/close.ts')
const wholeDesk = inFile('engine/whole-desk.ts')
const hall = inFile('engine/hall.ts')
const resume = inFile('engine/resume.ts')

add(
  'over-and-taken-up',
  'a handle is taken up by the answer to a renewal that was sent before its lease was released here',
  'portability/resumed-twice-at-once',
  resume('if (isGone(renewal) || server.over)', 'if (isGone(renewal))'),
  wholeDesk('|| server.over', ''),
)

add(
  'fresh-loss-unheard',
  'a loss is heard only once there is a lease',
  'renew/told-loss-of-a-fresh-grant',
  hall('this.claims.get(holder)?.gone()', ''),
)

add(
  'group-rolled-back-later',
  'a group is refused before what it took was given back',
  'acquire/group-rolled-back',
  acquireAll('if (!terms.signal?.aborted) await released', ''),
)

add(
  'close-listens-late',
  'what fails while closing waits for work is listened to when the work has ended',
  'hygiene/close-while-working',
  close('void hold.release().catch(() => {})', 'void hold.release()'),
)
