import { Etcd3, type IOptions } from 'etcd3'
import type { EtcdConnection, OnEnd, Stream, TransactionAnswer } from './connection.ts'
import { EtcdError } from './errors.ts'
import { isOldLogIn, toEtcdError } from './server-errors.ts'
import { afterUnlessRead } from './unless-read.ts'

/** Where etcd is and how to log in: the options of `etcd3`, without what would make it send twice. */
export type Etcd3Options = Pick<IOptions, 'hosts' | 'credentials' | 'auth' | 'grpcOptions'>

/** By default `etcd3` repeats what failed, transactions too, and refuses a server of which it thinks ill. */
const once = {
  async execute(call: () => unknown) {
    return call()
  },
}
type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>

/**
 * A connection that is half open is noticed. The server allows a ping every five seconds, counted by its own clock, and none at all where no call is under way; a client that sends more is cut off. What is asked without a
 * stream has its deadline.
 */
const PINGS = { 'grpc.keepalive_time_ms': 6000, 'grpc.keepalive_permit_without_calls': 0 }

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
export function connectEtcd3(options: Etcd3Options & { readonly hosts: string }, deadlineMs: number): EtcdConnection {
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
  const logIn = new LogIn(client, options.auth !== undefined)
  return {
    async hasLeader() {
      // Soon: whoever asks has a request to send yet.
      const { isLearner } = await logIn.ask(() => maintenance.status({ deadline: Date.now() + deadlineMs / 2 }))
      if (isLearner) throw new EtcdError('LEARNER', 'the member is a learner, and does not serve')
    },
    // Its types do not know that it takes numbers in halves.
    txn: async (transaction) => (await logIn.ask(() => kv.txn(transaction as object))) as unknown as TransactionAnswer,
    grant: async (ID, TTL) => Number((await logIn.ask(() => leaseClient.leaseGrant({ ID, TTL }))).TTL),
    revoke: async (ID) => void (await logIn.ask(() => leaseClient.leaseRevoke({ ID }))),
    remainingSeconds: async (ID) => Number((await logIn.ask(() => leaseClient.leaseTimeToLive({ ID }))).TTL),
    async keepAlive(onAlive, onEnd) {
      const used = logIn.count
      const stream = await logIn.ask(() => leaseClient.leaseKeepAlive())
      stream.on('data', ({ ID, TTL, header }) => onAlive(ID, Number(TTL), header.raft_term))
      onEndOf(stream, (error) => {
        logIn.forgetIfOld(used, error)
        onEnd(error)
      })
      return { send: (ID) => stream.write({ ID }), cancel: () => stream.cancel() }
    },
    watch: (key, range_end, what, onChange, onEnd) => {
      const filters = what === 'deletions' ? ['Noput' as const] : []
      const request = { create_request: { key, range_end, filters } }
      // An old token is no permission to watch.
      const isOld = (error: unknown) => isOldLogIn(error) || /permission denied/.test(String(error))
      return logIn.ask(() => watch(client.watchClient, request, deadlineMs, onChange, onEnd), isOld)
    },
    close: () => client.close(),
  }
}

/** What of the driver keeps its token; its types do not show it. */
interface KeepsToken {
  readonly pool?: { readonly authenticator?: { invalidateMetadata?(): void } }
}

/**
 * The log-in of a client. The driver keeps its token until a request, not a stream, is told that it is invalid: one that was made before users or roles were changed, it would go on using. A call that is refused for its
 * token had no effect, and is made once more with a new one.
 */
class LogIn {
  readonly #client: KeepsToken
  readonly #hasPassword: boolean
  /** How many tokens have been given up. */
  count = 0

  constructor(client: object, hasPassword: boolean) {
    this.#client = client
    this.#hasPassword = hasPassword
  }

  async ask<T>(call: () => Promise<T>, isOld = isOldLogIn): Promise<T> {
    const used = this.count
    try {
      return await call()
    } catch (error) {
      if (!this.forgetIfOld(used, error, isOld)) throw toEtcdError(error)
    }
    try {
      return await call()
    } catch (error) {
      throw toEtcdError(error)
    }
  }

  /** Of the many that used the same one, the first to be refused gives it up. */
  forgetIfOld(used: number, error: unknown, isOld = isOldLogIn): boolean {
    if (!this.#hasPassword || !isOld(error)) return false
    if (used === this.count) {
      this.count += 1
      this.#client.pool?.authenticator?.invalidateMetadata?.()
    }
    return true
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
  const stream = await client.watch()
  return new Promise((resolve, reject) => {
    let created = false
    const cancelDeadline = afterUnlessRead(deadlineMs, () =>
      end(new EtcdError('DEADLINE_EXCEEDED', 'no answer to a watch')),
    )
    const end = (error: EtcdError) => {
      cancelDeadline()
      stream.cancel()
      if (created) onEnd(error)
      else reject(error)
    }
    onEndOf(stream, end)
    stream.on('data', (answer) => {
      if (answer.canceled) end(toEtcdError(`the watch was cancelled: ${answer.cancel_reason}`))
      else if (answer.created) {
        created = true
        cancelDeadline()
        resolve({ cancel: () => stream.cancel() })
      }
      for (const { kv } of answer.events) onChange(kv.key.toString(), BigInt(kv.mod_revision))
    })
    stream.write(request)
  })
}
