import { startEtcd3Target } from '../src/etcd/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with the client of our own. All cases.
itPassesTheSuite(await startEtcd3Target(), ['collidingKeys', 'raiseTokens', 'openRefused', 'stall'])
