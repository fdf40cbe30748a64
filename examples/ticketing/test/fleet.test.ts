import { createLocks, type Election, election, type Locks } from '@leasehold/core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Database, DatabaseUnavailable } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { Fleet } from '../src/fleet/fleet.ts'
import { FrontDoor } from '../src/fleet/front-door.ts'
import type { NodeProcess } from '../src/fleet/node-process.ts'
import { sweepKey } from '../src/lead-sweep.ts'
import { openBackend } from '../src/locks/open-backend.ts'
import { TEST_CARDS } from '../src/payment/bank.ts'
import { SeatMap } from '../src/race/seat-map.ts'
import { type DatabaseService, startService } from '../src/stage/services.ts'
import { clearStage } from '../src/stage/stage.ts'
import { stateOf, testSale, ticketsFor } from './office.ts'
import { onThisMachine } from './slowness.ts'
import { Visitor } from './visitor.ts'

// For what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

/** On an idle machine: time enough for one step of a checkout, and not too long to be waited for. */
const HOLD_MS = 2500
const PATIENCE = { timeout: 120_000, interval: 50 }

let postgres: DatabaseService
let db: Database
let fleet: Fleet
let door: FrontDoor
let locks: Locks
/** Who sweeps. */
let sweeping: Election
const visitor = () => new Visitor(door.address)
const allAreWell = () => expect.poll(() => fleet.nodes.filter((node) => node.isWell).length, PATIENCE).toBe(3)

beforeAll(async () => {
  ;[postgres, fleet] = await Promise.all([startService('postgres', { own: true }), Fleet.start({ count: 3 })])
  const stage = { database: postgres.database, locks: postgres.locks }
  db = await openDatabase(stage.database)
  await clearStage(stage)
  const sale = testSale(await onThisMachine(HOLD_MS))
  locks = createLocks(await openBackend(stage.locks, sale.holdMs))
  sweeping = election(locks, sweepKey(sale.name))
  await fleet.open({ ...stage, sale })
  door = await FrontDoor.open(fleet, 0, false)
})
afterAll(async () => {
  await door?.close()
  await locks?.close()
  await fleet?.[Symbol.asyncDispose]()
  await db?.close()
  await postgres?.stop()
})

/** The server that asks the bank for this hold. */
async function serverOf(hold: string): Promise<NodeProcess> {
  const asking = () => db.query<{ node: string }>('select node from payments where hold_id = $1', [hold])
  await expect.poll(asking, PATIENCE).toHaveLength(1)
  const [{ node } = { node: '' }] = await asking()
  const found = fleet.nodes.find(({ name }) => name === node)
  if (found === undefined) throw new Error(`There is no ${node}.`)
  return found
}

test('a connection that the database ends is told as such, and replaced', async () => {
  const end = 'select pg_terminate_backend(pg_backend_pid())'
  await expect(db.query(end)).rejects.toThrow(DatabaseUnavailable)
  await expect(db.transaction(async (sql) => (await sql.query(end)).length > 0)).rejects.toThrow(DatabaseUnavailable)
  await expect(db.query('select nonsense')).rejects.toThrow(/nonsense/)
  expect(await db.query('select 1 as one')).toEqual([{ one: 1 }])
})

test('nothing that speaks of one connection is passed on to the other', async () => {
  const { headers } = await fetch(`${door.address}/api/auditorium`)
  expect(headers.get('x-node')).toMatch(/^node-/)
  expect(headers.get('connection')).toBe('keep-alive')
})

test('a confirmation that is sent ten times, to all servers at once, sells once and answers the same', async () => {
  const ada = visitor()
  const hold = await ada.held('A1', 'A2')
  await ada.pay(hold)
  const answers = await Promise.all(Array.from({ length: 10 }, () => ada.confirm(hold)))
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(200))
  expect(await ticketsFor(db, 'A1')).toEqual([hold])
})

test('what one server changes, whoever watches at another is told', async () => {
  const maps = await Promise.all(fleet.nodes.map((node) => SeatMap.open(node.address)))
  await visitor().held('B1')
  for (const map of maps) await expect.poll(() => map.free.includes('B1'), PATIENCE).toBe(false)
  for (const map of maps) await map[Symbol.asyncDispose]()
})

test('while a server is frozen, the others answer, and live maps move over to them', async () => {
  await using map = await SeatMap.open(door.address)
  const [first] = fleet.nodes
  let thaw = () => {}
  const thawed = first?.freezeUntil(
    new Promise<void>((resolve) => {
      thaw = resolve
    }),
  )
  await expect.poll(() => first?.isWell, PATIENCE).toBe(false)
  const ada = visitor()
  const hold = await ada.held('C1')
  await ada.pay(hold)
  await ada.confirm(hold)
  await expect.poll(() => map.free.includes('C1'), PATIENCE).toBe(false)
  expect(await ticketsFor(db, 'C1')).toEqual([hold])
  thaw()
  await thawed
  await allAreWell()
})

test('a change whose server is killed is answered with "see what became of it", never sent twice, and the server is replaced', async () => {
  const ada = visitor()
  const hold = await ada.held('D1')
  const paying = ada.pay(hold, TEST_CARDS.slowerThanTheHold)
  await (await serverOf(hold)).kill()
  expect(await paying).toMatchObject({ status: 502, body: { error: 'node-lost' } })
  expect((await ada.look(hold)).body).toMatchObject({ state: 'paying', payment: 'asked' })
  await allAreWell()
  // Its time runs out, and whatever the bank took goes back.
  await expect
    .poll(async () => (await ada.look(hold)).body, PATIENCE)
    .toMatchObject({
      state: 'ended',
      payment: 'refunded',
    })
})

test('the server that sweeps is killed: another is elected, and ends what runs out', async () => {
  const sweeper = async () => {
    const leader = await sweeping.leader()
    return fleet.nodes.find(({ name }) => name === (leader?.value as { node?: string } | undefined)?.node)
  }
  await expect.poll(sweeper, PATIENCE).toBeDefined()
  const term = (await sweeping.leader())?.term ?? 0n
  await (await sweeper())?.kill()
  await visitor().held('E1')
  await expect.poll(async () => ((await sweeping.leader())?.term ?? 0n) > term, PATIENCE).toBe(true)
  await expect.poll(() => stateOf(db, 'E1'), PATIENCE).toBe('free')
  await allAreWell()
})
