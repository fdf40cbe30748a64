import { type ChildProcess, fork } from 'node:child_process'
import { forget, watch } from '../machine/janitor.ts'
import { stopAll } from '../machine/process-family.ts'

/** As `child_process.fork` takes it. */
export interface Program {
  readonly path: string
  readonly args?: readonly string[]
  /** Arguments for Node itself. Default: those of this process. */
  readonly execArgv?: readonly string[]
}

/** A program in a process of its own, which can be frozen and killed. It does not outlive this process, not even frozen. */
export class ChildProgram {
  readonly exited: Promise<void>
  readonly #child: ChildProcess

  constructor({ path, args = [], execArgv = process.execArgv }: Program) {
    this.#child = fork(path, [...args], { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const { pid } = this.#child
    if (pid === undefined) throw new Error(`cannot be started: ${path}`)
    watch(pid)
    // What is sent to one that has just died is lost, and no error of this process.
    this.#child.on('error', () => {})
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', () => {
        forget(pid)
        resolve()
      })
    })
  }

  send(message: object): void {
    this.#child.send(message)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#child.on('message', listener)
  }

  /** What is sent to it waits until it is thawed. */
  freeze(): void {
    if (this.#child.pid !== undefined) stopAll([this.#child.pid])
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** At once and without a word, also when frozen. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
    await this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}
