import { fileURLToPath } from 'node:url'
import { checkHistory, type HistoryEvent } from '@leasehold/core/conformance'
import { ChildProgram, compiled, until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const path = await compiled(fileURLToPath(new URL('wants-parts.ts', import.meta.url)))

const parsed = (text: string): HistoryEvent =>
  JSON.parse(text, (_, value) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  )

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A process of the crowd, and what it has told. */
function join(name: string, events: HistoryEvent[]) {
  const child = new ChildProgram({ path, args: [url, schema, 'crowd', name], execArgv: [] })
  const state = { child, done: false, turns: 0 }
  child.onMessage((message) => {
    if (message === 'done') {
      state.done = true
      return
    }
    const event = parsed(String(message))
    if (event.type === 'granted') state.turns += 1
    events.push(event)
  })
  return state
}

it('a crowd of processes, of which some are frozen and some die, shares a key: nobody stands beside whom he excludes, and everybody has turns', async () => {
  const events: HistoryEvent[] = []
  const crowd = ['a', 'b', 'c', 'd'].map((name) => join(name, events))
  const [steady, frozen, , doomed] = crowd
  await until('everybody had a turn', () => crowd.every(({ turns }) => turns > 2))
  frozen?.child.freeze()
  await after(1700)
  frozen?.child.thaw()
  await doomed?.child.kill()
  const [before, thawed] = [steady?.turns ?? 0, frozen?.turns ?? 0]
  await until('they go on', () => (steady?.turns ?? 0) > before + 10 && (frozen?.turns ?? 0) > thawed + 10)
  // Longer than its place in line lasts.
  frozen?.child.freeze()
  await after(4000)
  frozen?.child.thaw()
  const again = frozen?.turns ?? 0
  await until('it goes on', () => (frozen?.turns ?? 0) > again + 10)
  const living = crowd.filter((each) => each !== doomed)
  for (const { child } of living) child.send({ enough: true })
  await until('they are done', () => living.every(({ done }) => done))
  expect(checkHistory(events)).toEqual([])
  const kinds = new Set(events.map((event) => event.type === 'granted' && (event.kind ?? 'whole')))
  expect(kinds).toEqual(new Set(['shared', 'permits', 'whole', false]))
  const { rows } = await pool.query(
    `select count(*)::int as n from ${schema}.lease_line where alive_until > clock_timestamp()`,
  )
  expect(rows).toEqual([{ n: 0 }])
  for (const { child } of living) await child.kill()
})
