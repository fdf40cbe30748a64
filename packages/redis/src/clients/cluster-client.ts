import type { NodeAddress } from '../node-address.ts'
import type { RedisConnection } from '../redis-shapes.ts'

/** Your client of a Cluster, whichever library it is of. */
export interface ClusterClient {
  /** What it puts before the names of keys. */
  readonly keyPrefix: string
  /** How the node is reached from here that calls itself so. */
  reached(node: NodeAddress): NodeAddress
  /** What these nodes know, or, where none is named, those that it was made with: from whichever tells first. */
  look(nodes: readonly NodeAddress[]): Promise<ClusterView>
  /** To be opened once. Nodes are known from the first look on. */
  connectionTo(node: NodeAddress): RedisConnection
  /** What is left to do over a new connection before anybody else may use it. */
  prepare(redis: RedisConnection): Promise<unknown>
}

/** How nodes are reached from here. */
export interface ClusterView {
  readonly masters: readonly NodeAddress[]
  /** Of each slot the name of its master, `host:port`; nothing where nobody serves it. */
  readonly slots: readonly (string | undefined)[]
}

/** How long one node may take to say who serves what, before another is asked: sooner than the engine gives up on its request. */
export const LONGEST_LOOK_MS = 1000
