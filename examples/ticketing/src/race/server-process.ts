import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StrategyName } from '../strategies/index.ts'
import type { Books, Contest } from './contest.ts'
import type { ServerAnswer, ServerOrder } from './server-messages.ts'

/** The box office in a process of its own: one after the other, it is opened with each strategy. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(): Promise<ServerProcess> {
    const child = fork(fileURLToPath(new URL('./server.ts', import.meta.url)), {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      execArgv: ['--import', 'tsx'],
      // What the server has to say goes to stderr: stdout belongs to the result.
      stdio: ['ignore', 2, 'inherit', 'ipc'],
    })
    const server = new ServerProcess(child)
    await server.#answer('ready')
    return server
  }

  async open(strategy: StrategyName, contest: Contest): Promise<{ address: string; seats: readonly string[] }> {
    return this.#ask({ type: 'open', strategy, contest }, 'opened')
  }

  /** Waits for the last hold to run out, closes, and reads the books. */
  async finish(): Promise<Books> {
    return (await this.#ask({ type: 'finish' }, 'books')).books
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }

  #ask<T extends ServerAnswer['type']>(order: ServerOrder, type: T): Promise<Extract<ServerAnswer, { type: T }>> {
    const answer = this.#answer(type)
    this.#child.send(order)
    return answer
  }

  async #answer<T extends ServerAnswer['type']>(type: T): Promise<Extract<ServerAnswer, { type: T }>> {
    const gone = new AbortController()
    const died = once(this.#child, 'exit', { signal: gone.signal }).then(() => {
      throw new Error('The server of the race ended unexpectedly.')
    })
    const [message] = (await Promise.race([once(this.#child, 'message', { signal: gone.signal }), died]).finally(() => {
      died.catch(() => {})
      gone.abort()
    })) as [ServerAnswer]
    if (message.type !== type) throw new Error(`The server of the race failed: ${JSON.stringify(message)}`)
    return message as Extract<ServerAnswer, { type: T }>
  }
}
