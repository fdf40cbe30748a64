import type { PostgresListenClient, PostgresPool } from './postgres-shapes.ts'

/** With the code that Node gives to such. */
export const wrongArgument = (message: string): TypeError =>
  Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })

const has = (value: unknown, ...methods: string[]): boolean =>
  methods.every((name) => typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function')

/** Of `pg`, native or not. */
const isClient = (value: unknown): boolean => has(value, 'connect', 'getTypeParser')

const isPool = (value: unknown): boolean =>
  has(value, 'connect') && typeof (value as { totalCount?: unknown }).totalCount === 'number'

/** Throws `TypeError`, before anything is touched. */
export function assertPool(pool: unknown): asserts pool is PostgresPool {
  if (isClient(pool)) throw wrongArgument('pool must be a pool of pg; got a client')
  if (!has(pool, 'connect')) throw wrongArgument('pool must be a pool of pg, or have its connect()')
}

/** A pool, or another library's database, has a `query` as well: a method, which would be called without what it belongs to. Throws `TypeError`. */
export function assertRowsOptions(options: unknown): void {
  const given = Object(options)
  if (given === options && (!('query' in given) || Object.hasOwn(given, 'query'))) return
  throw wrongArgument('postgresRowsBackend takes { pool }, or { query }: an object with what it is to use')
}

/** Either a pool or a function. Throws `TypeError`. */
export function assertPoolOrQuery(pool: unknown, query: unknown): void {
  if (query === undefined) assertPool(pool)
  else if (pool !== undefined) throw wrongArgument('pool and query: give one of them')
  else if (typeof query !== 'function')
    throw wrongArgument('query must be a function (text, values) that resolves with rows')
}

/** What a pool has lent. */
export function assertLent(client: unknown): void {
  if (has(client, 'query', 'release', 'on', 'removeListener')) return
  throw wrongArgument(
    'connect() of pool must bring a client of pg, or one that has its query(), release(), on() and removeListener()',
  )
}

/** For settings of a client: taken for such, a client would lend its connection to another one, and a pool say nothing. */
export function assertSettings(connection: object): void {
  if (!has(connection, 'query') && !has(connection, 'connect')) return
  const given = isPool(connection) ? 'a pool' : 'a client'
  throw wrongArgument(`connection must be settings of pg; got ${given}: pass a function that makes a new client`)
}

/** The same function, which throws for what it may not make: what somebody else uses already. */
export function newClients<Client extends PostgresListenClient>(
  make: () => Client | Promise<Client>,
  option: 'connection' | 'listen',
): () => Promise<Client> {
  return async () => {
    const client = await make()
    assertNew(client, option)
    return client
  }
}

function assertNew(client: unknown, option: string): void {
  if (isPool(client)) throw wrongArgument(`${option} must make a client of pg; it made a pool`)
  if (!has(client, 'connect', 'query', 'on', 'end')) {
    throw wrongArgument(`${option} must make a client of pg, or one that has its connect(), query(), on() and end()`)
  }
  const { _connecting, _connected } = client as Readonly<Record<string, unknown>>
  if (_connecting !== true && _connected !== true) return
  throw wrongArgument(`${option} must make a client that is not connected yet, a new one each time`)
}

/** Throws `TypeError`. */
export function assertFunction(value: unknown, option: string): void {
  if (value === undefined || typeof value === 'function') return
  throw wrongArgument(`${option} must be a function that makes a client which is not connected yet`)
}
