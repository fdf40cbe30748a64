import { createLocks } from '@leasehold/core'
import { TcpProxy } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { postgresAdvisoryBackend } from '../src/index.ts'
import { openAdvisory } from './advisory.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { schema, url } = database
afterAll(database.stop)

const TERMS = terms(60_000)

/** A server that answers everything but a wait. */
function neverGranting() {
  const { promise, reject } = deferred()
  return {
    processID: 7,
    pipeline: true,
    on() {},
    async connect() {},
    end: async () => reject(new Error('ended')),
    async query({ text }: { text: string }, values: string[] = []) {
      if (text.startsWith('do $$')) return promise
      if (text.includes('pg_backend_pid')) return { rows: [{ pid: 7, version: 150_000 }] }
      if (text.includes('seqincrement')) return { rows: [{ step: '10' }] }
      return { rows: [{ answer: `${values[0]} ` }] }
    },
  }
}

function deferred() {
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<never>((_, rejected) => {
    reject = rejected
  })
  return { promise, reject }
}

describe('a connection of advisory locks', () => {
  it('on which a wait is not ended when its time in line is over is given up', async () => {
    onTestFinished(() => void vi.useRealTimers())
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const backend = postgresAdvisoryBackend({ connection: neverGranting as never })
    const over = vi.fn()
    backend.waitForTurn?.(claimOn('a'), TERMS, new AbortController().signal).catch(over)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(over).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(over).toHaveBeenCalledOnce()
    await backend.close?.()
  })

  it('to wait on is asked for once a second, where the server has none left', async () => {
    const holder = openAdvisory(url, 'holder', { schema })
    const lease = await holder.locks.named('crowded').acquire()
    const madeAtMs: number[] = []
    const connection = () => {
      madeAtMs.push(performance.now())
      const first = madeAtMs.length === 1
      return new pg.Client(first ? { connectionString: url, pipeline: true } : { host: '127.0.0.1', port: 1 })
    }
    const locks = createLocks(postgresAdvisoryBackend({ connection, schema }))
    await locks.named('warm').run(() => {})
    const waiting = locks.named('crowded').acquire()
    await vi.waitUntil(() => madeAtMs.length > 3, { timeout: 15_000 })
    // The second one was to wait on, the third to listen.
    expect((madeAtMs[3] ?? 0) - (madeAtMs[1] ?? 0)).toBeGreaterThan(900)
    await lease.release()
    await waiting
    await Promise.all([locks.close(), holder.locks.close()])
  })

  it('is not left behind where the network swallows everything, and none is made after the end', async () => {
    await using proxy = await TcpProxy.open(database.server)
    const clients: pg.Client[] = []
    const connection = () => {
      const client = new pg.Client({ connectionString: proxy.through(url), pipeline: true })
      clients.push(client)
      return client
    }
    const backend = postgresAdvisoryBackend({ connection, schema })
    const claim = claimOn('idle')
    await backend.tryAcquire(claim, TERMS)
    await backend.release(claim)
    proxy.swallow('requests')
    proxy.swallow('replies')
    await backend.close?.()
    const [client] = clients as unknown as [{ connection: { stream: { destroyed: boolean } } }]
    expect(client.connection.stream.destroyed).toBe(true)
    const { signal } = new AbortController()
    await expect(backend.tryAcquire(claim, TERMS)).rejects.toThrow('closed')
    await expect(backend.waitForTurn?.(claim, TERMS, signal)).rejects.toThrow('closed')
    expect(clients).toHaveLength(1)
  })
})
