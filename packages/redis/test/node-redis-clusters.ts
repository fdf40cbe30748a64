import { createCluster as createCluster5 } from 'redis'
import { createCluster as createCluster6 } from 'redis6'
import type { NodeRedisClusterClient } from '../src/index.ts'

export interface ClusterOptions {
  readonly rootNodes: {
    readonly url?: string
    readonly socket?: { readonly host: string; readonly port: number }
    readonly username?: string
    readonly password?: string
  }[]
  readonly defaults?: object
  readonly nodeAddressMap?: (address: string) => { host: string; port: number } | undefined
}

/** A Cluster by one library, in one of its ways. None is ever connected. */
export interface ClusterLibrary {
  readonly library: string
  cluster(options: ClusterOptions): NodeRedisClusterClient
}

export const clusterLibraries: readonly ClusterLibrary[] = [
  { library: 'node-redis 5', cluster: (options) => createCluster5(options) },
  { library: 'node-redis 5 in RESP3', cluster: (options) => createCluster5({ RESP: 3, ...options }) },
  { library: 'node-redis 6', cluster: (options) => createCluster6(options) },
  { library: 'node-redis 6 in RESP2', cluster: (options) => createCluster6({ RESP: 2, ...options }) },
]
