import { startEtcdTarget } from '../src/etcd/target.ts'
import { itPassesTheSuite } from './suite.ts'

// No two keys share a place in etcd, its revisions cannot be moved, no request waits for another, and it lets everybody in. Holds are released one by one: what is asked in one turn is one transaction anyway.
itPassesTheSuite(await startEtcdTarget(), ['collidingKeys', 'raiseTokens', 'openRefused', 'stall', 'releaseAll'])
