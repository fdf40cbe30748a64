import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { SeatBoard } from '../live/seat-board.ts'

const HEARTBEAT_MS = 10_000
const RETRY_MS = 500

/** Server-sent events: which server this is, then every seat, then what changes; a heartbeat in between, so that a dead line is noticed. */
export const liveSeats = (board: SeatBoard, node: string) => (context: Context) =>
  streamSSE(context, async (stream) => {
    const feed = board.open()
    stream.onAbort(() => board.close(feed))
    await stream.writeSSE({ event: 'node', data: JSON.stringify({ node }), retry: RETRY_MS })
    while (!stream.aborted) {
      const states = await feed.next(HEARTBEAT_MS)
      const event = Object.keys(states).length > 0 ? 'seats' : 'heartbeat'
      await stream.writeSSE({ event, data: JSON.stringify(states) })
    }
  })
