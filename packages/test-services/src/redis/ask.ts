import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { redisPrograms } from './node.ts'
import { replyAt } from './reply.ts'

const execute = promisify(execFile)

interface Address {
  readonly port: number
}

/** What a Redis answers to a command, as `redis-cli` prints it. Options of that program may come before the command. */
export async function askRedis({ port }: Address, ...command: string[]): Promise<string> {
  const text = command[0]?.startsWith('-') ? await askByProgram(port, command) : await askByConnection(port, command)
  return text.trim()
}

async function askByProgram(port: number, command: readonly string[]): Promise<string> {
  const { stdout } = await execute(redisPrograms()['redis-cli'], ['-p', String(port), ...command])
  return stdout
}

/** Tests look at their servers thousands of times: a process for each look would be most of their work. */
function askByConnection(port: number, command: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = Buffer.alloc(0)
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.write(requestOf(command))
    socket.on('data', (bytes) => {
      heard = Buffer.concat([heard, bytes])
      const reply = replyAt(heard, 0)
      if (reply === undefined) return
      resolve(reply.text)
      socket.destroy()
    })
    socket.once('error', reject)
    socket.once('close', () =>
      reject(new Error(`the Redis at port ${port} closed the connection: ${command.join(' ')}`)),
    )
  })
}

const requestOf = (command: readonly string[]): string =>
  `*${command.length}\r\n${command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
