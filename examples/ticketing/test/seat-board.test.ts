import { expect, test } from 'vitest'
import type { Sql } from '../src/database/database.ts'
import { SeatBoard } from '../src/live/seat-board.ts'
import type { SeatState } from '../src/live/seat-feed.ts'

const A_MINUTE = 60_000

/** A hall of two seats whose states a test sets by hand. */
function hall() {
  const states: Record<string, SeatState> = { A1: 'free', A2: 'free' }
  const reads: (readonly string[] | undefined)[] = []
  let broken = false
  const sql: Sql = {
    async query<Row>(_text: string, params?: readonly unknown[]) {
      const asked = params?.[0] as readonly string[] | undefined
      reads.push(asked)
      if (broken) {
        broken = false
        throw new Error('the database is away, as this test wants it')
      }
      const rows = Object.entries(states).map(([id, state]) => ({ id, state }))
      return rows.filter(({ id }) => asked?.includes(id) ?? true) as Row[]
    },
  }
  const failOnce = () => {
    broken = true
  }
  return { states, reads, failOnce, board: new SeatBoard(sql) }
}

test('a newcomer is told every seat, and then only what changes', async () => {
  const { states, board } = hall()
  const feed = board.open()
  expect(await feed.next(A_MINUTE)).toEqual({ A1: 'free', A2: 'free' })
  states['A2'] = 'held'
  board.changed(['A2'])
  expect(await feed.next(A_MINUTE)).toEqual({ A2: 'held' })
})

test('whoever reads slowly is owed the latest state of a seat and not its history', async () => {
  const { states, board } = hall()
  const [slow, quick] = [board.open(), board.open()]
  await slow.next(A_MINUTE)
  await quick.next(A_MINUTE)
  for (const state of ['held', 'sold'] as const) {
    states['A1'] = state
    board.changed(['A1'])
    expect(await quick.next(A_MINUTE)).toEqual({ A1: state })
  }
  expect(await slow.next(A_MINUTE)).toEqual({ A1: 'sold' })
})

test('a change that could not be read is not forgotten', async () => {
  const { states, board, failOnce } = hall()
  const feed = board.open()
  await feed.next(A_MINUTE)
  failOnce()
  states['A1'] = 'held'
  board.changed(['A1'])
  expect(await feed.next(A_MINUTE)).toEqual({ A1: 'held' })
})

test('silence is answered with nothing, in time for a heartbeat', async () => {
  const { board } = hall()
  const feed = board.open()
  await feed.next(A_MINUTE)
  expect(await feed.next(1)).toEqual({})
})

test('nobody is read for once the last one has gone', async () => {
  const { board, reads } = hall()
  const feed = board.open()
  await feed.next(A_MINUTE)
  const waiting = feed.next(A_MINUTE)
  board.close(feed)
  expect(await waiting).toEqual({})
  board.changed(['A1'])
  expect(reads).toEqual([undefined])
})
