import { announced } from '../announce.ts'
import { LocalServer, type Recipe } from '../machine/local-server.ts'
import type { Server, Settings } from '../server.ts'
import { startAll, stopAll } from '../server-group.ts'
import { until } from '../until.ts'
import { askRedis } from './ask.ts'
import { nodeRecipe, redisPrograms } from './node.ts'
import { startRedisReplica } from './single.ts'

const sentinelCount = 3
const quorum = 2
/** Short, so that a failover takes seconds. */
const DOWN_AFTER_MS = 1000
const failoverTimeoutMs = 5000

export class RedisSentinels {
  readonly source: string
  /** By which the sentinels know the pair. */
  readonly name = 'leasehold'
  /** The primary at the start; a failover makes the replica the primary. */
  readonly primary: Server
  readonly replica: Server
  readonly sentinels: readonly Server[]

  constructor(primary: Server, replica: Server, sentinels: readonly Server[]) {
    this.source = primary.source
    this.primary = primary
    this.replica = replica
    this.sentinels = sentinels
  }

  /** Where the sentinels say that the primary is now. */
  async primaryPort(): Promise<number> {
    const [sentinel] = this.sentinels
    if (sentinel === undefined) throw new Error('no sentinel')
    const [, port] = (await askRedis(sentinel, 'sentinel', 'get-master-addr-by-name', this.name)).split('\n')
    return Number(port)
  }

  stop(): Promise<void> {
    return stopAll([...this.sentinels, this.replica, this.primary])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

export interface SentinelOptions {
  readonly settings?: Settings
  /** How long a primary may be silent before the sentinels look for another one. */
  readonly downAfterMs?: number
}

/** A primary, its replica and three sentinels. Always of this machine: to have them is to let the primary fail. */
export async function startRedisSentinels({
  settings = {},
  downAfterMs = DOWN_AFTER_MS,
}: SentinelOptions = {}): Promise<RedisSentinels> {
  const primary = await LocalServer.start(nodeRecipe(settings))
  const started: Server[] = [primary]
  try {
    const replica = await startRedisReplica(primary, { settings })
    started.push(replica)
    const starts = Array.from({ length: sentinelCount }, () =>
      LocalServer.start(sentinelRecipe(primary.port, downAfterMs)),
    )
    const sentinels = await startAll(starts)
    started.push(...sentinels)
    await knowEachOther(sentinels)
    return announced('Redis Sentinel', new RedisSentinels(primary, replica, sentinels))
  } catch (error) {
    await stopAll(started)
    throw error
  }
}

const sentinelRecipe = (primaryPort: number, downAfterMs: number): Recipe => ({
  name: 'sentinel',
  scheme: 'redis://',
  settings: {},
  users: ['redis'],
  prepare: (place, port) =>
    place.write('sentinel.conf', [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${place.folder}`,
      `sentinel monitor leasehold 127.0.0.1 ${primaryPort} ${quorum}`,
      `sentinel down-after-milliseconds leasehold ${downAfterMs}`,
      `sentinel failover-timeout leasehold ${failoverTimeoutMs}`,
    ]),
  command: (place) => ({
    program: redisPrograms()['redis-server'],
    args: [place.path('sentinel.conf'), '--sentinel'],
  }),
  saysReady: /\+monitor/,
  stopSignal: 'SIGTERM',
})

async function knowEachOther(sentinels: readonly Server[]): Promise<void> {
  for (const sentinel of sentinels) {
    await until(`${sentinel.url} knows the replica and the other sentinels`, async () =>
      (await askRedis(sentinel, 'info', 'sentinel')).includes(`slaves=1,sentinels=${sentinelCount}`),
    )
  }
}
