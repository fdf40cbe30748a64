import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { IoredisCluster } from '../src/clients/ioredis-cluster.ts'
import { ShardChannels } from '../src/cluster/shard-channels.ts'
import { SlotMap } from '../src/cluster/slot-map.ts'
import type { RedisClusterConnection } from '../src/redis-shapes.ts'

// What is subscribed for how long, on a Cluster of one node that only notes what it is asked: real ones are in cluster.test.ts.
const asked: string[] = []

class NotingNode extends EventEmitter {
  status = 'wait'
  readonly options = { host: 'a', port: 1, password: null }
  duplicate = () => new NotingNode()
  connect = async () => {
    this.status = 'ready'
  }
  disconnect(): void {
    this.status = 'end'
    asked.push('end')
    this.emit('end')
  }
  subscribe = async () => {}
  /** Whether it is there it may be asked at any time. */
  call = async (command: string, name: string) => void (command === 'ping' || asked.push(`${command} ${name}`))
}

const lookedAt = (): RedisClusterConnection =>
  Object.assign(new EventEmitter(), {
    slots: Array.from({ length: 16384 }, () => ['a:1']),
    connect: async () => {},
    disconnect: () => {},
    nodes: () => [new NotingNode()],
  })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  asked.length = 0
})
afterEach(() => vi.useRealTimers())

it('a channel is listened to for a while after the last wait, and its connection ends with the last channel', async () => {
  const map = new SlotMap(new IoredisCluster({ isCluster: true, options: {}, duplicate: lookedAt }, 1000))
  const channels = new ShardChannels(map, 1000, 'n:', () => {})
  const [busy, idle] = ['busy', 'idle'].map((key) => channels.subscriptionTo(key).name)
  const stop = channels.subscriptionTo('busy').expect('holder', () => {})
  await channels.subscriptionTo('busy').listening()
  await channels.subscriptionTo('idle').listening()
  expect(asked).toEqual([`ssubscribe ${busy}`, `ssubscribe ${idle}`])
  expect(channels.subscriptionTo('busy').isListening).toBe(true)

  await vi.advanceTimersByTimeAsync(21_000)
  expect(asked.slice(2)).toEqual([`sunsubscribe ${idle}`])
  expect(['busy', 'idle'].map((key) => channels.subscriptionTo(key).isListening)).toEqual([true, false])

  stop()
  await vi.advanceTimersByTimeAsync(9000)
  await channels.subscriptionTo('busy').listening()
  expect(asked.slice(3)).toEqual([])
  await vi.advanceTimersByTimeAsync(21_000)
  // The last channel goes with its connection.
  expect(asked.slice(3)).toEqual(['end'])
  expect(vi.getTimerCount()).toBe(0)
  await channels.close()
})
