import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import type { HolderReply, HolderRequest } from './holder-protocol.ts'
import type { HolderProgram } from './target.ts'

type Question = HolderRequest extends infer R ? (R extends HolderRequest ? Omit<R, 'id'> : never) : never

/** A holder in another process, which can be frozen and killed. */
export class ChildHolder {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: string) => void>()
  #asked = 0

  constructor(program: HolderProgram | undefined) {
    assert.ok(program, 'the target names a program')
    const { path, args = [], execArgv = process.execArgv } = program
    this.#child = fork(path, [...args], { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child.on('message', (reply: HolderReply) => {
      this.#waiting.get(reply.id)?.(reply.answer)
      this.#waiting.delete(reply.id)
    })
    this.#child.on('exit', () => {
      for (const answer of this.#waiting.values()) answer('EXITED')
    })
  }

  ask(question: Question): Promise<string> {
    const id = ++this.#asked
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send({ ...question, id })
    })
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await exited
  }
}
