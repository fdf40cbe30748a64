import { createCluster } from 'redis'
import { itLeavesAHungMaster } from './hung-master.ts'

await itLeavesAHungMaster(({ nodes }) => createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) }))
