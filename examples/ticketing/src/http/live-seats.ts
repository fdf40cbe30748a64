import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { SeatBoard } from '../live/seat-board.ts'

const HEARTBEAT_MS = 10_000
const RETRY_MS = 500

/** Server-sent events: first every seat, then what changes; a heartbeat in between, so that a dead line is noticed. */
export const liveSeats = (board: SeatBoard) => (context: Context) =>
  streamSSE(context, async (stream) => {
    const feed = board.open()
    stream.onAbort(() => board.close(feed))
    while (!stream.aborted) {
      const states = await feed.next(HEARTBEAT_MS)
      const event = Object.keys(states).length > 0 ? 'seats' : 'heartbeat'
      await stream.writeSSE({ event, data: JSON.stringify(states), retry: RETRY_MS })
    }
  })
