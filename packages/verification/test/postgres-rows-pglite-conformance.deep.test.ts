import { startPgliteRows } from '../src/postgres/target.ts'
import { itPassesTheSuite } from './suite.ts'

// There is no connection that could hear of a release, and none that could be harmed.
itPassesTheSuite(await startPgliteRows(), [
  'waitForTurn',
  'shared',
  'permits',
  'watch',
  'fifo',
  'tellsLosses',
  'holderProgram',
  'openLinked',
  'openForgetful',
  'restartKeepingData',
  'restartEmpty',
  'killSession',
  'raiseTokens',
  'openRefused',
  'stall',
  'collidingKeys',
])
