import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { createLocks, type LockBackend } from '../src/index.ts'
import { memoryBackend } from '../src/memory/index.ts'

/** Answers every byte at once, on a thread of its own: what it sends lies in a socket of this thread until its loop is free. */
const server = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer((socket) => socket.on('data', (data) => socket.write(data)))
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`

async function behindASocket() {
  const worker = new Worker(server, { eval: true })
  const [port] = await once(worker, 'message')
  const socket = connect(port as number, '127.0.0.1')
  await once(socket, 'connect')
  const waiting: (() => void)[] = []
  socket.on('data', (data) => {
    for (const answered of waiting.splice(0, data.length)) answered()
  })
  const trip = () => {
    socket.write('.')
    return new Promise<void>((answered) => waiting.push(answered))
  }
  const memory = memoryBackend()
  const { name, capabilities, renew } = memory
  const backend: LockBackend = {
    name,
    capabilities,
    renew,
    tryAcquire: (claim, terms) => trip().then(() => memory.tryAcquire(claim, terms)),
    release: (claim) => trip().then(() => memory.release(claim)),
  }
  const stop = async () => {
    socket.destroy()
    await worker.terminate()
  }
  return { backend, stop }
}

const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
const sent = () => new Promise((done) => setImmediate(done))

it('a request whose answer lies in the socket when a blocked loop comes back is answered', async () => {
  const { backend, stop } = await behindASocket()
  const locks = createLocks(backend, { requestTimeoutMs: 100 })
  const acquiring = locks.named('k').acquire()
  await sent()
  block(300)
  const lease = await acquiring
  const releasing = lease.release()
  await sent()
  block(300)
  expect(await releasing).toBe('released')
  const abort = new AbortController()
  const waiting = locks.named('k').acquire({ waitMs: 100, signal: abort.signal })
  await sent()
  block(300)
  expect((await waiting).remainingMs).toBeGreaterThan(0)
  await locks.close()
  await stop()
})

it('a request that is not answered is given up all the same', async () => {
  const silent: LockBackend = { ...memoryBackend(), tryAcquire: () => new Promise(() => {}) }
  const locks = createLocks(silent, { requestTimeoutMs: 50 })
  const acquiring = expect(locks.named('k').acquire()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  await sent()
  block(200)
  await acquiring
  await locks.close()
})
