import { harmless } from './harmless.ts'
import type { Server, ServerOptions } from './server.ts'

/** Nobody can restart it, and it has the settings it has. */
const mayUse = ({ own = false, settings = {} }: ServerOptions): boolean => !own && Object.keys(settings).length === 0

/** A server that somebody else runs: it can be used, and that is all. */
export function serverAtAddress(variable: string, options: ServerOptions): Server | undefined {
  const url = process.env[variable] ?? ''
  return url !== '' && mayUse(options) ? foreignServer(variable, url) : undefined
}

/** The same for servers that belong together: addresses with commas between them. */
export function serversAtAddresses(variable: string, options: ServerOptions): Server[] | undefined {
  const urls = (process.env[variable] ?? '').split(',').filter((url) => url !== '')
  return urls.length > 0 && mayUse(options) ? urls.map((url) => foreignServer(variable, url.trim())) : undefined
}

const usualPorts: Readonly<Record<string, number>> = { 'postgres:': 5432, 'postgresql:': 5432, 'redis:': 6379 }

function foreignServer(variable: string, url: string): Server {
  const { protocol, hostname, port } = new URL(url)
  return {
    ...harmless(`the server in ${variable}`),
    source: `address in ${variable}`,
    host: hostname,
    port: Number(port) || (usualPorts[protocol] ?? 0),
    url,
    settings: {},
    stop: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
