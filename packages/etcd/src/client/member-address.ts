import { X509Certificate } from 'node:crypto'
import { connect, isIP, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect as connectSecurely,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls'
import type { EtcdCredentials, MemberSettings } from './options.ts'

/** Where one member is. */
export interface MemberAddress {
  readonly origin: string
  /** Sent with each request; undefined: that of the origin. */
  readonly authority: string | undefined
  /** A new socket to it, which is connected soon, or fails. */
  dial(): Socket
}

/** Where a socket leads. */
type Place = { readonly host: string; readonly port: number } | { readonly path: string }

/** Without what was given: it may contain a password. */
const RULE = 'a host must be "http://name:port", "https://name:port", "name:port" or "unix:/path", and nothing else'

/** Throws a `TypeError` that names the rule. */
export function memberAddress(
  host: string,
  credentials: EtcdCredentials | undefined,
  { serverName, authority = serverName }: MemberSettings,
): MemberAddress {
  if (typeof host !== 'string') throw new TypeError(RULE)
  const url = urlOf(host, credentials === undefined ? 'http:' : 'https:')
  const place = url === undefined ? { path: pathOf(host) } : placeOf(url)
  const isSecure = credentials !== undefined || url?.protocol === 'https:'
  const name = serverName ?? (url === undefined ? 'localhost' : withoutBrackets(url.hostname))
  return {
    origin: url?.origin ?? 'http://localhost',
    authority,
    dial: isSecure ? securely(place, name, contextOf(credentials ?? {})) : () => connect(place),
  }
}

const securely = (place: Place, name: string, secureContext: SecureContext) => {
  // Names alone are sent. Without one, Node would hold the certificate against the host, whatever it is to be held against.
  const servername = isIP(name) === 0 ? { servername: name } : {}
  const identity = { checkServerIdentity: (_: string, its: PeerCertificate) => checkServerIdentity(name, its) }
  return () => connectSecurely({ ...place, ...servername, ...identity, secureContext, ALPNProtocols: ['h2'] })
}

/** As an address of IPv6 has them in a URL. */
const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')

function pathOf(host: string): string {
  const path = host.replace(/^unix:(\/\/)?/, '')
  if (path === '') throw new TypeError(RULE)
  return path
}

function placeOf({ protocol, hostname, port }: URL): Place {
  const byDefault = protocol === 'https:' ? 443 : 80
  return { host: withoutBrackets(hostname), port: Number(port || byDefault) }
}

/** `scheme`: in the place of `http:`, and of none. `undefined`: a socket of this machine. */
function urlOf(host: string, scheme: 'http:' | 'https:'): URL | undefined {
  if (host.startsWith('unix:')) return undefined
  const text = /^https:\/\//.test(host) ? host : `${scheme}//${host.replace(/^http:\/\//, '')}`
  if (!URL.canParse(text)) throw new TypeError(RULE)
  const url = new URL(text)
  const { username, password, pathname, search, hash } = url
  if (pathname !== '/' || [username, password, search, hash].some((part) => part !== '')) throw new TypeError(RULE)
  return url
}

/** Reads certificates once, and not at each connection. */
function contextOf({ rootCertificate, privateKey, certChain }: EtcdCredentials): SecureContext {
  try {
    // Else it would be passed over, and no server trusted.
    if (rootCertificate !== undefined) new X509Certificate(rootCertificate)
    return createSecureContext({ ca: rootCertificate, key: privateKey, cert: certChain })
  } catch (cause) {
    throw new TypeError('credentials must be certificates and a private key in PEM that belong together', { cause })
  }
}
