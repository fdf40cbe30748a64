import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import type { HolderReply, HolderRequest } from './holder-protocol.ts'
import type { HolderProgram } from './target.ts'

interface Conversation {
  readonly asked: string
  answered(answer: string): void
  failed(error: Error): void
}

type Question = HolderRequest extends infer R ? (R extends HolderRequest ? Omit<R, 'id'> : never) : never

/** A holder in another process, which can be frozen and killed. */
export class ChildHolder {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Conversation>()
  #asked = 0

  constructor(program: HolderProgram | undefined) {
    assert.ok(program, 'the target names a program')
    const { path, args = [], execArgv = process.execArgv } = program
    this.#child = fork(path, [...args], { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child.on('message', (reply: HolderReply) => {
      const conversation = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if ('answer' in reply) conversation?.answered(reply.answer)
      else conversation?.failed(new Error(`the holder program could not do "${conversation.asked}": ${reply.failure}`))
    })
    this.#child.on('exit', (code, signal) => {
      for (const { asked, failed } of this.#waiting.values())
        failed(new Error(`the holder program ended (${signal ?? `exit code ${code}`}) when asked for "${asked}"`))
    })
  }

  /** Rejects where the program could not do it, with the reason it gave. */
  ask(question: Question): Promise<string> {
    const id = ++this.#asked
    return new Promise((answered, failed) => {
      this.#waiting.set(id, { asked: question.ask, answered, failed })
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
