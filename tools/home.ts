import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { root } from './workspace.ts'

/** Where a release comes from: what npm shows of a package, and what its provenance is compared with. */
export interface Home {
  /** `https://github.com/owner/name` */
  readonly url: string
  readonly commit: string
}

/** This repository's: that of the workflow that runs, or else of the remote `origin`. Throws where neither has an address that others can reach. */
export function homeOfThis(): Home {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
  const url = GITHUB_REPOSITORY === undefined ? addressOf(remote()) : `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`
  if (url === undefined)
    throw new Error('the remote "origin" has no address of the form https://host/owner/name or git@host:owner/name')
  return { url, commit: commitOfThis() }
}

export const commitOfThis = (): string => git('rev-parse', 'HEAD')

function remote(): string {
  try {
    return git('remote', 'get-url', 'origin')
  } catch (error) {
    throw new Error('there is no remote "origin"', { cause: error })
  }
}

export function addressOf(url: string): string | undefined {
  const [, host, path] =
    /^(?:https:\/\/(?:[^@/]*@)?|git@|ssh:\/\/git@)([^/:]+)[/:]([^/]+\/[^/]+?)(?:[.]git)?\/?$/.exec(url) ?? []
  return host === undefined ? undefined : `https://${host}/${path}`
}

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim()

/** Writes into an unpacked package of `folder` where it comes from, and makes links of its README lead there. */
export function settle(unpacked: string, folder: string, home: Home): void {
  const manifestFile = join(unpacked, 'package.json')
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as object
  writeFileSync(manifestFile, `${JSON.stringify({ ...manifest, ...originFields(folder, home) }, null, 2)}\n`)
  const readme = join(unpacked, 'README.md')
  writeFileSync(readme, withAbsoluteLinks(readFileSync(readme, 'utf8'), folder, home))
}

function originFields(folder: string, { url }: Home) {
  const directory = inRepository(folder)
  return {
    repository: { type: 'git', url: `git+${url}.git`, directory },
    homepage: `${url}/tree/HEAD/${directory}#readme`,
    bugs: `${url}/issues`,
  }
}

/** A link of a README that leads into the repository. */
export const RELATIVE_LINK = /(!?)(\[[^\]]*\])\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)/g

/** To the commit that the package was made of: what it says of itself stays true. Throws where there is no such file. */
export const withAbsoluteLinks = (readme: string, folder: string, { url, commit }: Home): string =>
  readme.replaceAll(RELATIVE_LINK, (_, picture: string, text: string, path: string, fragment = '') => {
    const target = join(folder, path)
    if (!existsSync(target))
      throw new Error(`the README in ${inRepository(folder)} links to ${path}: there is no such file`)
    const view = picture ? 'raw' : statSync(target).isDirectory() ? 'tree' : 'blob'
    return `${picture}${text}(${url}/${view}/${commit}/${inRepository(target)}${fragment})`
  })

const inRepository = (path: string): string => relative(root, path).split(sep).join('/')
