/** The server's time, in milliseconds since 1970, as text. */
export const SERVER_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint::text'

/** So much may be lateness of the two systems, and not the clock: less than what the server's timers outlast a lease by. */
const TOLERANCE_MS = 250

/** By how much the clocks of two machines may differ in speed, per millisecond: several times of what is usual. */
const DRIFT = 0.001

/**
 * Whether the server's clock goes as the time of this process does. The server measures silence by its clock: set forward, it may end a session that was heard a moment ago. Times of the process are
 * those of `performance.now()`.
 */
export class ServerClock {
  /** How far ahead the server's clock was at the last reading, in milliseconds: not less than the first, and not more than the second. */
  #ahead: readonly [number, number] | undefined
  #readAtMs = 0

  /** The server has told its time, asked for at `sentMs` and heard now. Returns by how much its clock was set since the reading before, in milliseconds; 0 if that cannot be said. */
  read(serverMs: number, sentMs: number, heardMs = performance.now()): number {
    if (!Number.isFinite(serverMs)) return 0
    const ahead = [serverMs - heardMs, serverMs - sentMs] as const
    const [least, most] = this.#ahead ?? ahead
    const toleranceMs = TOLERANCE_MS + DRIFT * (heardMs - this.#readAtMs)
    this.#ahead = ahead
    this.#readAtMs = heardMs
    const forwardMs = ahead[0] - most
    const backMs = least - ahead[1]
    if (forwardMs > toleranceMs) return forwardMs
    return backMs > toleranceMs ? -backMs : 0
  }
}
