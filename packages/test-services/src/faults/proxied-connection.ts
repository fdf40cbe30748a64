import { connect, type Socket } from 'node:net'
import { Lane, type LaneExit } from './lane.ts'
import type { Weather } from './weather.ts'

export type Direction = 'requests' | 'replies'
export type Weathers = Readonly<Record<Direction, Weather>>

export interface Target {
  readonly host: string
  readonly port: number
}

/** One client's way to the server and back. */
export class ProxiedConnection {
  /** Resolves when both sides are gone. */
  readonly closed: Promise<unknown>
  readonly #sockets: readonly [Socket, Socket]
  readonly #lanes: readonly [Lane, Lane]

  constructor(client: Socket, target: Target, weathers: Weathers) {
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true })
    this.#sockets = [client, server]
    this.closed = Promise.all(this.#sockets.map(isClosed))
    this.#lanes = [lane(client, server, weathers.requests), lane(server, client, weathers.replies)]
  }

  /** Both sides see a reset, as when a machine between them forgets the connection. */
  cut(): void {
    for (const one of this.#lanes) one.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Neither side hears of the other any more, nor that it was forgotten. */
  forget(): void {
    for (const one of this.#lanes) one.forget()
  }

  /** What is sent from now on waits until it heals, also when whoever sent it has gone. */
  detain(): void {
    for (const one of this.#lanes) one.detain()
  }

  /** What was held back arrives. A connection that lost something is of no use any more. */
  heal(): void {
    if (this.#lanes.some((one) => one.isHoled)) this.cut()
    else for (const one of this.#lanes) one.hurry()
  }
}

const isClosed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()))

function lane(from: Socket, to: Socket, weather: Weather): Lane {
  const made = new Lane(weather, exitInto(to, from))
  from.on('data', (bytes) => made.send(bytes))
  from.on('end', () => made.send('end'))
  from.on('error', () => made.send('reset'))
  return made
}

const exitInto = (to: Socket, from: Socket): LaneExit => ({
  write: (bytes) => {
    if (to.writable) to.write(bytes)
  },
  end: () => to.end(),
  reset: () => to.resetAndDestroy(),
  cutAfter: (bytes) => {
    // The last bytes and a plain end: a reset would overtake them.
    to.end(bytes)
    from.resetAndDestroy()
  },
})
