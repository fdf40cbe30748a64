import type { RestartOptions, Server, Settings } from '../server.ts'
import { freePort } from './free-port.ts'
import { unprivilegedIdentity } from './identity.ts'
import { type Command, ServerProcess } from './server-process.ts'
import { Workplace } from './workplace.ts'

/** How one kind of server is run. */
export interface Recipe {
  readonly name: string
  /** Comes before host and port: `redis://`. */
  readonly scheme: string
  /** Comes after them. */
  readonly path?: string
  readonly settings: Settings
  /** Whom it runs as where this process is root; `nobody` where none of them exists. */
  readonly users: readonly string[]
  /** Fills an empty folder with what the server starts from. */
  prepare(place: Workplace, port: number): Promise<void>
  command(place: Workplace, port: number): Command
  /** What it prints when it answers. */
  readonly saysReady: RegExp
  readonly stopSignal: NodeJS.Signals
  /** The same where it is not to come back. Default: the same signal. */
  readonly endSignal?: NodeJS.Signals
}

/** A server run from a program of this machine: on a free port, in a temporary folder, never as root. */
export class LocalServer implements Server {
  readonly source: string
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #recipe: Recipe
  readonly #place: Workplace
  #process: ServerProcess

  private constructor(recipe: Recipe, place: Workplace, port: number) {
    const command = recipe.command(place, port)
    this.source = `program ${command.program}`
    this.port = port
    this.#recipe = recipe
    this.#place = place
    this.#process = new ServerProcess(command, place)
  }

  static async start(recipe: Recipe, port?: number): Promise<LocalServer> {
    const place = await Workplace.create(recipe.name, unprivilegedIdentity(recipe.users))
    const chosenPort = port ?? (await freePort())
    await recipe.prepare(place, chosenPort)
    const server = new LocalServer(recipe, place, chosenPort)
    try {
      await server.#process.untilSays(recipe.saysReady)
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  get url(): string {
    const { scheme, path = '' } = this.#recipe
    return `${scheme}${this.host}:${this.port}${path}`
  }

  get settings(): Settings {
    return this.#recipe.settings
  }

  /** What it printed since it was last started; the newest part of it. */
  get output(): string {
    return this.#process.output
  }

  /** Its temporary folder. */
  get folder(): string {
    return this.#place.folder
  }

  async restart({ keepData = true }: RestartOptions = {}): Promise<void> {
    await this.#process.stop(this.#recipe.stopSignal)
    if (!keepData) {
      await this.#place.empty()
      await this.#recipe.prepare(this.#place, this.port)
    }
    this.#process = new ServerProcess(this.#recipe.command(this.#place, this.port), this.#place)
    await this.#process.untilSays(this.#recipe.saysReady)
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }

  freeze(): void {
    this.#process.freeze()
  }

  thaw(): void {
    this.#process.signal('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.#process.stop(this.#recipe.endSignal ?? this.#recipe.stopSignal)
    await this.#place.remove()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
