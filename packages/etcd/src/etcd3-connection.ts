import { Etcd3, type IOptions } from 'etcd3'
import type { EtcdConnection, TransactionAnswer, WatchStream } from './connection.ts'

/** Where etcd is and how to log in: the options of `etcd3`, without what would make it send twice. */
export type EtcdOptions = Pick<IOptions, 'hosts' | 'credentials' | 'auth' | 'grpcOptions'>

/** By default `etcd3` repeats what failed, transactions too, and refuses a server of which it thinks ill. */
const once = {
  async execute(call: () => unknown) {
    return call()
  },
}
type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>

/** A connection that is half open is noticed; faster pings are punished by the server. */
const PINGS = { 'grpc.keepalive_time_ms': 5000, 'grpc.keepalive_permit_without_calls': 1 }

type WatchClient = Etcd3['watchClient']
type WatchCallOptions = NonNullable<Parameters<WatchClient['watch']>[0]>
type Interceptor = NonNullable<WatchCallOptions['interceptors']>[number]

/** Ends the stream with an error when the server has lost its quorum; without it the stream falls silent. */
const requireLeader: Interceptor = (options, nextCall) => {
  const call = nextCall(options)
  const start = call.start.bind(call)
  call.start = (metadata, listener) => {
    // Of its own: `etcd3` shares one with all calls.
    const own = metadata.clone()
    own.set('hasleader', 'true')
    start(own, listener)
  }
  // Only what it overrides differs from the call that the driver made.
  return call as ReturnType<Interceptor>
}

/** The one place that knows `etcd3`: its raw calls and streams, nothing of its leases, locks and watchers. */
export function connectEtcd3(options: EtcdOptions, deadlineMs: number): EtcdConnection {
  const policy = once as unknown as Policy
  const client = new Etcd3({
    ...options,
    grpcOptions: { ...PINGS, 'grpc.keepalive_timeout_ms': Math.max(2000, deadlineMs), ...options.grpcOptions },
    faultHandling: { host: () => policy, global: policy },
  })
  const { kv, leaseClient, watchClient } = client
  const soon = () => ({ deadline: Date.now() + deadlineMs })
  return {
    txn: async (transaction) => (await kv.txn(transaction, soon())) as unknown as TransactionAnswer,
    grant: async (ID, TTL) => Number((await leaseClient.leaseGrant({ ID, TTL }, soon())).TTL),
    revoke: async (ID) => void (await leaseClient.leaseRevoke({ ID }, soon())),
    remainingSeconds: async (ID) => Number((await leaseClient.leaseTimeToLive({ ID }, soon())).TTL),
    async keepAlive(onAlive, onEnd) {
      const stream = await leaseClient.leaseKeepAlive()
      stream.on('data', ({ ID, TTL }) => onAlive(ID, Number(TTL)))
      onEndOf(stream, onEnd)
      return { send: (ID) => stream.write({ ID }), cancel: () => stream.cancel() }
    },
    watchDeletions: (key, range_end, onDeleted, onEnd) =>
      watchDeletions(
        watchClient,
        { create_request: { key, range_end, filters: ['Noput'] } },
        deadlineMs,
        onDeleted,
        onEnd,
      ),
    close: () => client.close(),
  }
}

interface Ending {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
}

function onEndOf(stream: Ending, onEnd: (error: unknown) => void): void {
  let ended = false
  const end = (error: unknown) => {
    if (!ended) onEnd(error)
    ended = true
  }
  stream.on('error', end)
  stream.on('end', () => end(new Error('the stream ended')))
}

type WatchRequest = Parameters<Awaited<ReturnType<WatchClient['watch']>>['write']>[0]

async function watchDeletions(
  client: WatchClient,
  request: WatchRequest,
  deadlineMs: number,
  onDeleted: (key: string) => void,
  onEnd: (error: unknown) => void,
): Promise<WatchStream> {
  const stream = await client.watch({ interceptors: [requireLeader] })
  return new Promise((resolve, reject) => {
    let created = false
    const late = setTimeout(() => end(new Error('no answer to a watch')), deadlineMs)
    late.unref()
    const end = (error: unknown) => {
      clearTimeout(late)
      stream.cancel()
      if (created) onEnd(error)
      else reject(error)
    }
    onEndOf(stream, end)
    stream.on('data', (answer) => {
      if (answer.canceled) end(new Error(`the watch was cancelled: ${answer.cancel_reason}`))
      else if (answer.created) {
        created = true
        clearTimeout(late)
        resolve({ cancel: () => stream.cancel() })
      }
      for (const { kv } of answer.events) onDeleted(kv.key.toString())
    })
    stream.write(request)
  })
}
