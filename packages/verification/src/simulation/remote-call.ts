import type { Link } from './link.ts'
import type { Machine } from './machine.ts'

/** What a driver throws when its connection breaks or the server goes away: the outcome is unknown. */
export class ConnectionReset extends Error {
  override readonly name = 'ConnectionReset'
}

/**
 * One request and its reply. `serve` runs at the server, once or twice or never; the promise settles in the process of the
 * client, or never where a message is lost in silence: time-outs are the caller's.
 */
export function remoteCall<T>(link: Link, client: Machine, serve: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const reset = () => client.deliver('message', () => reject(new ConnectionReset('connection reset')))
    const reply = (settle: () => void) => link.send('reply', () => client.deliver('message', settle), reset)
    const arrive = () =>
      void serve().then(
        (answer) => reply(() => resolve(answer)),
        (error: unknown) => reply(() => reject(error)),
      )
    link.send('request', arrive, reset)
  })
}
