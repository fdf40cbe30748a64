import type { Server, ServerOptions } from './server.ts'

/** A server that somebody else runs: it can be used, and that is all. */
export function serverAtAddress(variable: string, { own = false, settings = {} }: ServerOptions): Server | undefined {
  const url = process.env[variable]
  if (url === undefined || url === '' || own || Object.keys(settings).length > 0) return undefined
  const { hostname, port } = new URL(url)
  const refuse = (): never => {
    throw new Error(`the server in ${variable} is not ours to stop: ask for one with { own: true }`)
  }
  return {
    source: `address in ${variable}`,
    host: hostname,
    port: Number(port),
    url,
    settings,
    restart: async () => refuse(),
    kill: async () => refuse(),
    freeze: refuse,
    thaw: refuse,
    stop: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
