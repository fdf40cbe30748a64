import { Etcd3, type IOptions } from 'etcd3'
import type { EtcdConnection, OnEnd, Stream, TransactionAnswer } from './connection.ts'
import { EtcdError } from './errors.ts'
import { toEtcdError } from './etcd3-errors.ts'

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

/** By default a connection that could not be made is left alone for a second, then for longer: all requests meanwhile fail at once. */
const RECONNECTS = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 1000 }

type WatchClient = Etcd3['watchClient']
type WatchCallOptions = NonNullable<Parameters<WatchClient['watch']>[0]>
type Interceptor = NonNullable<WatchCallOptions['interceptors']>[number]

/**
 * A member that has lost its leader says so at once: a request then had no effect, and a stream ends. Without it the one is
 * silent until its deadline, and may take effect later; the other is silent for good.
 */
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

const interceptors = [requireLeader]

/** One member. This is the one place that knows `etcd3`: its raw calls and streams, nothing of its leases, locks and watchers. */
export function connectEtcd3(options: EtcdOptions & { readonly hosts: string }, deadlineMs: number): EtcdConnection {
  const policy = once as unknown as Policy
  const client = new Etcd3({
    ...options,
    hosts: options.hosts.replace(/\/+$/, ''),
    grpcOptions: {
      ...PINGS,
      ...RECONNECTS,
      'grpc.keepalive_timeout_ms': Math.max(2000, deadlineMs),
      ...options.grpcOptions,
    },
    faultHandling: { host: () => policy, global: policy },
    // Also for the request that logs in.
    defaultCallOptions: ({ isStream }) =>
      isStream ? { interceptors } : { interceptors, deadline: Date.now() + deadlineMs },
  })
  const { kv, leaseClient, maintenance } = client
  return {
    // Soon: whoever asks has a request to send yet.
    hasLeader: async () => void (await answerOf(maintenance.status({ deadline: Date.now() + deadlineMs / 2 }))),
    // Its types do not know that it takes numbers in halves.
    txn: async (transaction) => (await answerOf(kv.txn(transaction as object))) as unknown as TransactionAnswer,
    grant: async (ID, TTL) => Number((await answerOf(leaseClient.leaseGrant({ ID, TTL }))).TTL),
    revoke: async (ID) => void (await answerOf(leaseClient.leaseRevoke({ ID }))),
    remainingSeconds: async (ID) => Number((await answerOf(leaseClient.leaseTimeToLive({ ID }))).TTL),
    async keepAlive(onAlive, onEnd) {
      const stream = await answerOf(leaseClient.leaseKeepAlive())
      stream.on('data', ({ ID, TTL }) => onAlive(ID, Number(TTL)))
      onEndOf(stream, onEnd)
      return { send: (ID) => stream.write({ ID }), cancel: () => stream.cancel() }
    },
    watch: (key, range_end, what, onChange, onEnd) => {
      const filters = what === 'deletions' ? ['Noput' as const] : []
      return watch(client.watchClient, { create_request: { key, range_end, filters } }, deadlineMs, onChange, onEnd)
    },
    close: () => client.close(),
  }
}

async function answerOf<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw toEtcdError(error)
  }
}

interface Ending {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
}

function onEndOf(stream: Ending, onEnd: OnEnd): void {
  let ended = false
  const end = (error: EtcdError) => {
    if (!ended) onEnd(error)
    ended = true
  }
  stream.on('error', (error) => end(toEtcdError(error)))
  stream.on('end', () => end(new EtcdError('UNAVAILABLE', 'the stream ended')))
}

type WatchRequest = Parameters<Awaited<ReturnType<WatchClient['watch']>>['write']>[0]

async function watch(
  client: WatchClient,
  request: WatchRequest,
  deadlineMs: number,
  onChange: (key: string, revision: bigint) => void,
  onEnd: OnEnd,
): Promise<Stream> {
  const stream = await answerOf(client.watch())
  return new Promise((resolve, reject) => {
    let created = false
    const late = setTimeout(() => end(new EtcdError('DEADLINE_EXCEEDED', 'no answer to a watch')), deadlineMs)
    late.unref()
    const end = (error: EtcdError) => {
      clearTimeout(late)
      stream.cancel()
      if (created) onEnd(error)
      else reject(error)
    }
    onEndOf(stream, end)
    stream.on('data', (answer) => {
      if (answer.canceled) end(toEtcdError(`the watch was cancelled: ${answer.cancel_reason}`))
      else if (answer.created) {
        created = true
        clearTimeout(late)
        resolve({ cancel: () => stream.cancel() })
      }
      for (const { kv } of answer.events) onChange(kv.key.toString(), BigInt(kv.mod_revision))
    })
    stream.write(request)
  })
}
