import { startEtcd3Target } from '../src/etcd/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with the client of our own. What does not depend on the client is asked of this one in `etcd-etcd3-conformance.deep.test.ts`.
itPassesTheSuite(await startEtcd3Target(), ['collidingKeys', 'raiseTokens', 'openRefused', 'stall'], ['acquire'])
