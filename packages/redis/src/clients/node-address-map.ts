import { type NodeAddress, textOf } from '../node-address.ts'
import type { NodeAddressMap } from '../redis-shapes.ts'

/** How the node is reached from here that calls itself so, as node-redis finds it out. */
export function mapped(node: NodeAddress, map: NodeAddressMap | undefined): NodeAddress {
  const name = textOf(node)
  return (typeof map === 'function' ? map(name) : map?.[name]) ?? node
}
