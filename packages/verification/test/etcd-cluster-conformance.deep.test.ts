import { startEtcdClusterTarget } from '../src/etcd/target.ts'
import { itPassesTheSuite } from './suite.ts'

// No two keys share a place in etcd, its revisions cannot be moved, no request waits for another, and it lets everybody in. All cases.
itPassesTheSuite(await startEtcdClusterTarget(), [
  'collidingKeys',
  'raiseTokens',
  'openRefused',
  'stall',
  'selfPolling',
])
