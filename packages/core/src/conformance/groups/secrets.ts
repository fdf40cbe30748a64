import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { isLeaseholdError } from '../../errors.ts'
import { caseGroup } from '../case.ts'
import { failing } from '../fates.ts'
import type { Process } from '../process.ts'
import { LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('hygiene')

/** Holder ids are secrets between peers: who knows one can release and renew. */
export const secretCases = cases

add('errors-redacted', 'no error and no event tells a holder id, whatever the driver says', async (t) => {
  const { locks, wire, events } = await t.process({ requestTimeoutMs: t.briefMs, autoRenew: false })
  const lease = await locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  const holder = firstHolder(wire)
  const talkative = Object.assign(new Error(`ERR in command: set ${lease.key} ${holder}`), {
    command: { name: 'set', args: [lease.key, holder] },
    [holder]: holder,
  })
  for (const operation of ['renew', 'release'] as const) wire.always(operation, failing(talkative))
  const told = [await rejection(lease.renew()), await rejection(t.settled(lease.release())), ...events]
  assert.ok(isLeaseholdError(told[0], 'BACKEND_UNAVAILABLE'))
  for (const thing of told) assertSilentAbout(thing, holder)
})

add('acquire-errors-redacted', 'the error of a failed attempt does not tell its holder id', async (t) => {
  const { locks, wire, events } = await t.process()
  wire.always('tryAcquire', async () => {
    const holder = wire.requests.at(-1)?.claims[0]?.holder
    throw new AggregateError([new Error(`of ${holder}`)], `evalsha failed: ${holder}`, { cause: { args: [holder] } })
  })
  const error = await rejection(t.settled(locks.named(t.key()).tryAcquire()))
  assert.ok(isLeaseholdError(error, 'BACKEND_UNAVAILABLE'))
  const holder = firstHolder(wire)
  for (const thing of [error, ...events]) assertSilentAbout(thing, holder)
})

add('objects-redacted', 'printing a lease, a lock or the locks tells no holder id', async (t) => {
  const { locks, wire } = await t.process()
  const lock = locks.named(t.key())
  const lease = await lock.acquire()
  const holder = firstHolder(wire)
  for (const thing of [lease, lock, locks]) assertSilentAbout(thing, holder)
})

add('inspection-redacted', 'inspect shows no holder id', 'inspect', async (t) => {
  const { claim } = await t.hold(await t.open())
  assertSilentAbout(await (await t.open()).inspect?.(claim.key), claim.holder)
})

add('unguessable', 'every attempt has a holder id of its own, of 128 random bits', async (t) => {
  const { locks, wire } = await t.process()
  const lock = locks.named(t.key())
  for (let i = 0; i < 20; i += 1) await (await lock.acquire()).release()
  const holders = new Set(acquiring(wire))
  assert.equal(holders.size, 20)
  for (const holder of holders) assert.match(holder, /^[0-9a-f]{32}$/)
})

const acquiring = (wire: Process['wire']): string[] =>
  wire.requests.flatMap(({ operation, claims }) =>
    operation === 'tryAcquire' || operation === 'waitForTurn' ? claims.map(({ holder }) => holder) : [],
  )

function firstHolder(wire: Process['wire']): string {
  const holder = wire.requests[0]?.claims[0]?.holder
  assert.ok(holder, 'no request was made')
  return holder
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail('did not reject'),
    (error: unknown) => error,
  )

function assertSilentAbout(thing: unknown, secret: string): void {
  const printed = [
    inspect(thing, { depth: 12, showHidden: true }),
    json(thing),
    thing instanceof Error ? thing.stack : '',
  ]
  assert.ok(!printed.join('\n').includes(secret), 'the holder id is told')
}

const json = (thing: unknown): string =>
  JSON.stringify(thing, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ?? ''
