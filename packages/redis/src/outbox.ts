import type { RedisConnection, RedisOutbox, RedisStream } from './redis-shapes.ts'

const SCRIPTS = /^eval/

type Argument = string | number | Uint8Array

/**
 * What several callers send over a connection in one turn of the event loop goes out in one piece: to write it command by command would cost more than all the rest. One
 * caller alone would only wait for it. `isAlone`: nobody else has something under way.
 *
 * Scripts are put into Redis' protocol here: the driver takes longer to look at every argument of one, several times, than the server to run it. Of other commands it needs the
 * arguments: to know which channels it listens to, it counts them. A library that lets nobody write beside it gathers by itself.
 */
export function gatherCommands(redis: RedisConnection, isAlone: () => boolean): void {
  const { stream } = redis
  const send = redis.sendCommand?.bind(redis)
  if (!isWritable(stream) || send === undefined) return
  const call = redis.call.bind(redis)
  let gathered = ''
  /** Of the command that the driver is just making. */
  let encoded: string | undefined
  const flush = () => {
    const piece = gathered
    gathered = ''
    if (piece !== '') stream.write(piece)
  }
  const outbox = {
    write(made: string | Uint8Array) {
      const command = encoded ?? made
      if (isAlone() && gathered === '') stream.write(command)
      else if (typeof command === 'string') gather(command)
      else {
        flush()
        stream.write(command)
      }
    },
  }
  const gather = (command: string) => {
    if (gathered === '') process.nextTick(flush)
    gathered += command
  }
  redis.sendCommand = (command, to = outbox) => send(command, to)
  redis.call = (command, ...args) => {
    encoded = SCRIPTS.test(command) ? encode(command, args) : undefined
    try {
      return encoded === undefined ? call(command, ...args) : call(command)
    } finally {
      encoded = undefined
    }
  }
}

const isWritable = (stream: RedisStream | undefined): stream is RedisStream & RedisOutbox => stream?.write !== undefined

/** An array of strings: https://redis.io/docs/latest/develop/reference/protocol-spec/. Nothing for bytes. */
function encode(command: string, args: readonly Argument[]): string | undefined {
  let text = `*${args.length + 1}\r\n$${command.length}\r\n${command}\r\n`
  for (const arg of args) {
    if (typeof arg === 'object') return undefined
    const value = String(arg)
    text += `$${Buffer.byteLength(value)}\r\n${value}\r\n`
  }
  return text
}
