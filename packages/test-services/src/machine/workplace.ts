import { execFile } from 'node:child_process'
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Identity } from './identity.ts'
import { isRemoved, removeAtEnd } from './janitor.ts'

const execute = promisify(execFile)

/** A temporary folder that belongs to the user a server runs as. */
export class Workplace {
  readonly folder: string
  readonly identity: Identity | undefined

  private constructor(folder: string, identity: Identity | undefined) {
    this.folder = folder
    this.identity = identity
  }

  static async create(name: string, identity: Identity | undefined): Promise<Workplace> {
    const folder = await mkdtemp(join(tmpdir(), `leasehold-${name}-`))
    removeAtEnd(folder)
    const place = new Workplace(folder, identity)
    await place.#own(folder)
    return place
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  async write(name: string, lines: readonly string[]): Promise<void> {
    await writeFile(this.path(name), lines.map((line) => `${line}\n`).join(''), { mode: 0o600, flag: 'a' })
    await this.#own(this.path(name))
  }

  /** Runs a program as the server's user, to its end. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await execute(program, [...args], { cwd: this.folder, ...this.identity, encoding: 'utf8' })
    return stdout
  }

  /** Makes its server's user the owner of a folder with all that is in it. */
  async ownAll(name: string): Promise<void> {
    if (this.identity === undefined) return
    const { uid, gid } = this.identity
    await execute('chown', ['-R', `${uid}:${gid}`, this.path(name)])
  }

  async empty(): Promise<void> {
    const names = await readdir(this.folder)
    await Promise.all(names.map((name) => rm(this.path(name), { recursive: true, force: true })))
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
    isRemoved(this.folder)
  }

  async #own(path: string): Promise<void> {
    if (this.identity !== undefined) await chown(path, this.identity.uid, this.identity.gid)
  }
}
