import { type Finding, installMissing, surveyServers } from '@leasehold/test-services'
import { findBrowser, mayUseApt, provideBrowser } from '../browser.ts'
import { groupOf, type TestFile } from './test-files.ts'

/** Which of a machine's programs the tests of a group start: a group is known by how its name begins. */
const needs: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(suite )?postgres/, ['Postgres', 'PgBouncer']],
  [/^(suite )?redis/, ['Redis', 'C compiler']],
  [/^(suite )?etcd/, ['etcd']],
  [/^test-services$/, ['Postgres', 'PgBouncer', 'Redis', 'C compiler', 'etcd']],
  [/^ticketing$/, ['Postgres', 'Redis', 'etcd', 'Chromium']],
  [/^bench$/, ['Redis']],
]

/** What files of tests need of the machine besides Node. */
export class Provisions {
  readonly #servers: readonly Finding[]
  readonly #browser: boolean

  constructor(files: readonly TestFile[]) {
    const groups = [...new Set(files.map(groupOf))]
    const kinds = new Set(
      needs.filter(([names]) => groups.some((group) => names.test(group))).flatMap(([, wanted]) => wanted),
    )
    this.#servers = surveyServers().filter(({ kind }) => kinds.has(kind))
    this.#browser = kinds.has('Chromium')
  }

  /** A line for each: what is found, what will be installed, and what is missing. */
  describe(): string[] {
    const lines = this.#servers.map((finding) => [finding.kind, sourceOf(finding)] as const)
    const all = this.#browser ? [...lines, ['Chromium', browserSource()] as const] : lines
    return all.map(([kind, source]) => `  ${kind.padEnd(12)} ${source}`)
  }

  /** Installs what can be, and returns the path of a browser where one is needed and has one. */
  async provide(): Promise<string | undefined> {
    await installMissing(this.#servers)
    return this.#browser ? provideBrowser() : undefined
  }
}

function sourceOf({ address, program, debianPackages, installs }: Finding): string {
  const started =
    program ??
    (installs
      ? `installed now by apt-get: ${debianPackages.join(' ')}`
      : `missing; on Debian: apt-get install ${debianPackages.join(' ')}`)
  return address === undefined ? started : `the address in ${address}; for tests that harm it: ${started}`
}

const browserSource = (): string =>
  findBrowser() ??
  (mayUseApt() ? 'installed now by apt-get: chromium-headless-shell' : "installed now: Playwright's own")
