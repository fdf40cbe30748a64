import { startEtcdClusterTarget } from '../src/etcd/target.ts'
import { itPassesTheSuite } from './suite.ts'

// No two keys share a place in etcd.
itPassesTheSuite(await startEtcdClusterTarget(), ['collidingKeys'])
