import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { until } from '../until.ts'
import { forget, watch } from './janitor.ts'
import { familyOf, isRunning, signalAll, stopAll } from './process-family.ts'
import type { Workplace } from './workplace.ts'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const outputKept = 20_000
const patienceMs = 20_000

/** One run of a server. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #name: string
  #output = ''
  #ended = false

  constructor({ program, args, env }: Command, place: Workplace) {
    this.#name = program
    this.#child = spawn(program, [...args], {
      cwd: place.folder,
      ...place.identity,
      // Not in the terminal's process group: Ctrl-C is for the tests, and the janitor follows.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: place.folder, LC_ALL: 'C', ...env },
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (text) => this.#keep(String(text)))
    this.#child.once('error', (error) => this.#end(String(error)))
    this.#child.once('exit', (code, signal) => this.#end(`ended with ${signal ?? code}`))
    if (this.#child.pid !== undefined) watch(this.#child.pid)
  }

  get output(): string {
    return this.#output
  }

  get isRunning(): boolean {
    return !this.#ended
  }

  /** Afterwards the server keeps no test process alive. */
  async untilSays(pattern: RegExp): Promise<void> {
    await until(`${this.#name} says ${pattern}`, () => pattern.test(this.#output) || this.#ended, patienceMs)
    if (this.#ended) throw new Error(`${this.#name} did not start:\n${this.#output}`)
    this.#child.unref()
    for (const stream of [this.#child.stdout, this.#child.stderr]) (stream as Socket | null)?.unref()
  }

  /** All processes of the server, at the same time or nearly so. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined && !this.#ended) signalAll(familyOf(this.#child.pid), signal)
  }

  /** Nothing of the server runs when this returns, until it gets SIGCONT. */
  freeze(): void {
    if (this.#child.pid !== undefined && !this.#ended) stopAll(familyOf(this.#child.pid))
  }

  /** Asks the server to shut down, and insists where it does not. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (this.#ended) return
    this.signal('SIGCONT')
    const insisting = setTimeout(() => this.signal('SIGKILL'), patienceMs)
    const exited = once(this.#child, 'exit')
    this.#child.ref()
    this.#child.kill(signal)
    await exited
    clearTimeout(insisting)
  }

  /** Resolves when nothing of the server runs any more: a successor may use its data. */
  async kill(): Promise<void> {
    if (this.#child.pid === undefined || this.#ended) return
    // Held still first: it would replace children that die.
    stopAll([this.#child.pid])
    const family = familyOf(this.#child.pid)
    signalAll(family, 'SIGKILL')
    await until(`${this.#name} is gone`, () => this.#ended && !family.some(isRunning))
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-outputKept)
  }

  #end(reason: string): void {
    this.#keep(`${reason}\n`)
    this.#ended = true
    if (this.#child.pid !== undefined) forget(this.#child.pid)
  }
}
