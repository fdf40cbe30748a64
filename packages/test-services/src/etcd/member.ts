import type { Recipe } from '../machine/local-server.ts'
import { providePrograms } from '../machine/programs.ts'
import type { Settings } from '../server.ts'

export const etcdNeed = {
  variable: 'LEASEHOLD_ETCD_URL',
  programs: ['etcd'],
  debianPackages: ['etcd-server'],
} as const

/** Where the members of a cluster reach each other. */
export interface Peers {
  readonly own: number
  readonly all: readonly number[]
}

/** Settings are its flags: `{ 'election-timeout': 500 }`. With `auto-tls` clients reach it by https, and it signs for itself; with `cert-file` as well, by a certificate that it is given. */
export function memberRecipe(peers: Peers, settings: Settings): Recipe {
  const { etcd } = providePrograms(etcdNeed)
  const isSecure = settings['auto-tls'] !== undefined || settings['cert-file'] !== undefined
  const scheme = isSecure ? 'https://' : 'http://'
  return {
    name: 'etcd',
    scheme,
    settings,
    users: ['etcd'],
    prepare: async () => {},
    command: (place, port) => ({
      program: etcd,
      args: flags({ 'data-dir': place.path('data'), ...addresses(`${scheme}127.0.0.1:${port}`, peers), ...settings }),
    }),
    saysReady: /ready to serve client requests/,
    stopSignal: 'SIGTERM',
    // Members that are all asked to shut down look for seconds for one who takes over.
    endSignal: 'SIGKILL',
  }
}

export const peerUrl = (port: number): string => `http://127.0.0.1:${port}`
const nameOf = (peerPort: number): string => `member-${peerPort}`

const addresses = (client: string, { own, all }: Peers): Settings => ({
  name: nameOf(own),
  'listen-client-urls': client,
  'advertise-client-urls': client,
  'listen-peer-urls': peerUrl(own),
  'initial-advertise-peer-urls': peerUrl(own),
  'initial-cluster': all.map((peer) => `${nameOf(peer)}=${peerUrl(peer)}`).join(','),
})

export const flags = (settings: Settings): string[] =>
  Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
