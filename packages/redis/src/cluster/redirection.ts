import { addressOf, type NodeAddress } from '../node-address.ts'

/** What a node says that does not serve a slot, or does not serve it any more. It has not run the script. */
export interface Redirection {
  /** For this one time: the slot is on its way. */
  readonly ask: boolean
  readonly to: NodeAddress
}

/** `MOVED 3999 127.0.0.1:6381`; a node that does not know how it is reached leaves the host out, and means its own. */
const REDIRECTION = /^(MOVED|ASK) \d+ (\S*:\d+)/

export function redirectionOf(error: unknown, from: NodeAddress): Redirection | undefined {
  const [, word, place = ''] = REDIRECTION.exec(error instanceof Error ? error.message : '') ?? []
  if (word === undefined) return undefined
  const { host, port } = addressOf(place)
  return { ask: word === 'ASK', to: { host: host === '' ? from.host : host, port } }
}
