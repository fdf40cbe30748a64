import type { RedisConnection } from './redis-shapes.ts'

/**
 * What several callers send over a connection in one turn of the event loop goes out in one piece: to write it command by command would cost more than all the rest. One
 * caller alone would only wait for it. `isAlone`: nobody else has something under way.
 */
export function gatherCommands(redis: RedisConnection, isAlone: () => boolean): void {
  const { stream } = redis
  const send = redis.sendCommand?.bind(redis)
  if (stream === undefined || send === undefined) return
  let gathered = ''
  const flush = () => {
    const piece = gathered
    gathered = ''
    if (piece !== '') stream.write(piece)
  }
  const outbox = {
    write(command: string | Uint8Array) {
      if (gathered === '') process.nextTick(flush)
      if (typeof command === 'string') gathered += command
      else {
        flush()
        stream.write(command)
      }
    },
  }
  redis.sendCommand = (command, to = isAlone() && gathered === '' ? undefined : outbox) => send(command, to)
}
