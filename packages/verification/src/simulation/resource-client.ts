import type { FencedRegister, ReadValues } from './fenced-register.ts'
import type { Link } from './link.ts'
import type { Machine } from './machine.ts'
import { remoteCall } from './remote-call.ts'

const PATIENCE_MS = 1000

/** The fenced resource as a process reaches it: over a network of its own. Rejects with `STALE_TOKEN`, or where no answer came. */
export class ResourceClient {
  readonly #machine: Machine
  readonly #link: Link
  readonly #register: FencedRegister
  readonly #sleep: (ms: number) => Promise<void>

  /** `sleep` ends early when the process is told to stop: then nobody waits any longer. */
  constructor(machine: Machine, link: Link, register: FencedRegister, sleep: (ms: number) => Promise<void>) {
    this.#sleep = sleep
    this.#machine = machine
    this.#link = link
    this.#register = register
  }

  read(key: string, token: bigint): Promise<ReadValues> {
    return this.#patiently(async () => this.#register.read(key, token))
  }

  write(key: string, token: bigint, read: ReadValues): Promise<void> {
    return this.#patiently(async () => this.#register.write(key, token, read))
  }

  #patiently<T>(serve: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      remoteCall(this.#link, this.#machine, serve).then(resolve, reject)
      void this.#sleep(PATIENCE_MS).then(() => reject(new Error('the resource does not answer')))
    })
  }
}
