import { readFileSync } from 'node:fs'

/** The user a server runs as. */
export interface Identity {
  readonly uid: number
  readonly gid: number
}

/** Servers refuse root, or should: the first of these users that exists. Undefined: this process is no root, and stays who it is. */
export function unprivilegedIdentity(names: readonly string[]): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
  for (const name of [...names, 'nobody']) {
    const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users) ?? []
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`none of these users exists, and servers do not run as root: ${names}, nobody`)
}
