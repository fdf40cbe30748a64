import { SLOTS } from '../cluster/slot.ts'
import { type NodeAddress, textOf } from '../node-address.ts'
import type { ClusterView } from './cluster-client.ts'

type Range = readonly [from: number, to: number, master: readonly [host: string | null, port: number]]

/** A node that knows its own address as little as a name for it is where it was asked. */
const UNKNOWN: ReadonlySet<string | null> = new Set(['', '?', null])

/** What `CLUSTER SLOTS` answers, as the nodes are reached from here: https://redis.io/docs/latest/commands/cluster-slots/. */
export function viewOf(answer: unknown, asked: NodeAddress, reached: (node: NodeAddress) => NodeAddress): ClusterView {
  const slots: (string | undefined)[] = Array.from({ length: SLOTS })
  const masters = new Map<string, NodeAddress>()
  for (const [from, to, [host, port]] of answer as readonly Range[]) {
    const isUnknown = UNKNOWN.has(host)
    const master = reached({ host: isUnknown ? asked.host : String(host), port: Number(port) })
    const name = textOf(master)
    masters.set(name, master)
    slots.fill(name, from, to + 1)
  }
  if (masters.size === 0) throw new Error('the Cluster has no masters')
  return { masters: [...masters.values()], slots }
}
