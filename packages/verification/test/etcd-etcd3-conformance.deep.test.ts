import { startEtcd3Target } from '../src/etcd/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with the client of our own. All cases, but that of connections that were forgotten: how long they are believed in is the affair of `etcd3`.
itPassesTheSuite(await startEtcd3Target(), [
  'collidingKeys',
  'raiseTokens',
  'openRefused',
  'openForgetful',
  'stall',
  'selfPolling',
])
