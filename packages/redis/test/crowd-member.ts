// One process of a crowd: so many callers want the same key, again and again, until told to stop. Arguments: address, or those of a Cluster with commas
// between; key; callers; whose clients, `ioredis` or `node-redis`.
import { createLocks } from '@leasehold/core'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { redisBackend } from '../src/index.ts'

const [url = '', key = '', callers = '0', by = 'ioredis'] = process.argv.slice(2)
const urls = url.split(',')
const isCluster = urls.length > 1
const ioredis = () => (isCluster ? new Cluster(urls, { lazyConnect: true }) : new Redis(url, { lazyConnect: true }))
const nodeRedis = () =>
  isCluster ? createCluster({ rootNodes: urls.map((each) => ({ url: each })) }) : createClient({ url })
const client = by === 'node-redis' ? nodeRedis() : ioredis()
const locks = createLocks(redisBackend({ client }), { ttlMs: 2000, waitMs: 60_000, whenHeld: 'wait' })
const lock = locks.named(key)
const SAMPLE_MS = 5
const turns: { token: string; caller: number }[] = []
let stopped = false
/** How late a timer was, at most. */
let lateMs = 0

async function contend(caller: number): Promise<void> {
  while (!stopped) {
    await using lease = await lock.acquire()
    turns.push({ token: String(lease.fencingToken), caller })
    process.send?.({ count: turns.length })
  }
}

process.on('message', (message) => {
  if ((message as { word: string }).word === 'stop') stopped = true
  else void crowd()
})

function watchLateness(): void {
  let dueMs = performance.now() + SAMPLE_MS
  setInterval(() => {
    lateMs = Math.max(lateMs, performance.now() - dueMs)
    dueMs = performance.now() + SAMPLE_MS
  }, SAMPLE_MS).unref()
}

async function crowd(): Promise<void> {
  watchLateness()
  await Promise.all(Array.from({ length: Number(callers) }, (_, caller) => contend(caller)))
  await locks.close()
  // What is not yet written would be lost.
  process.send?.({ turns, lateMs }, () => process.disconnect())
}

await lock.inspect()
process.send?.({ ready: true })
