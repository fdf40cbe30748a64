import { startEtcdClusterTarget } from '../src/etcd/target.ts'
import { itPassesTheSuite } from './suite.ts'

// No two keys share a place in etcd, its revisions cannot be moved, no request waits for another, and it lets everybody in.
// What three members have in common with one is asked of them in `etcd-cluster-conformance.deep.test.ts`.
itPassesTheSuite(
  await startEtcdClusterTarget(),
  ['collidingKeys', 'raiseTokens', 'openRefused', 'stall', 'selfPolling'],
  ['fencing'],
)
