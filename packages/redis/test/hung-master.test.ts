import { Cluster } from 'ioredis'
import { itLeavesAHungMaster } from './hung-master.ts'

await itLeavesAHungMaster(
  ({ nodes }) =>
    new Cluster(
      nodes.map(({ host, port }) => ({ host, port })),
      { lazyConnect: true },
    ),
)
