import { TcpProxy } from '@leasehold/test-services'
import type { LockAddress } from '../locks/lock-address.ts'

const PORTS = { postgres: 5432, redis: 6379, 'redis-quorum': 6379, etcd: 2379, memory: 0 }

/** Over TLS, the name in the certificate would not be the proxy's: such a line is left as it is. */
const isPlain = (url: string): boolean => !/^(rediss|etcds):|sslmode=/.test(url)

/** The way of one server to the lock server: a TCP proxy for each address, so that it can be cut. */
export class LockRoute implements AsyncDisposable {
  readonly address: LockAddress
  readonly #proxies: readonly TcpProxy[]

  private constructor(address: LockAddress, proxies: readonly TcpProxy[]) {
    this.address = address
    this.#proxies = proxies
  }

  static async open(address: LockAddress): Promise<LockRoute> {
    const urls = urlsOf(address)
    if (urls.length === 0 || !urls.every(isPlain)) return new LockRoute(address, [])
    const proxies = await Promise.all(urls.map((url) => TcpProxy.open(targetOf(url, PORTS[address.kind]))))
    const detours = urls.map((url, index) => proxies[index]?.through(url) ?? url)
    return new LockRoute(withUrls(address, detours), proxies)
  }

  get canBeCut(): boolean {
    return this.#proxies.length > 0
  }

  /** A black hole: connections stay open, and nothing comes through. */
  cut(): void {
    for (const proxy of this.#proxies) {
      proxy.swallow('requests')
      proxy.swallow('replies')
    }
  }

  heal(): void {
    for (const proxy of this.#proxies) proxy.heal()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()))
  }
}

function urlsOf(address: LockAddress): readonly string[] {
  if (address.kind === 'memory') return []
  return 'urls' in address ? address.urls : [address.url]
}

function withUrls(address: LockAddress, urls: readonly string[]): LockAddress {
  if (address.kind === 'memory') return address
  return 'urls' in address ? { ...address, urls } : { ...address, url: urls[0] ?? address.url }
}

function targetOf(url: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || defaultPort }
}
