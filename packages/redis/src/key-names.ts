import { slotOfText } from './cluster/slot.ts'
import { tagOfSlot } from './cluster/slot-tags.ts'
import { partitionOf } from './partitions.ts'

/** What one lock keeps at the server. All of it is in one slot of a Cluster. */
export interface KeyNames {
  /** Hash: who holds the key, with which token and metadata. Expires when the hold does. */
  readonly hold: string
  /** The last token that was granted: of the partition, or of the slot, that the key is in. */
  readonly token: string
  /** List of holders that wait, first in, first out. */
  readonly queue: string
  /** Hash: for each of them, until when it counts as alive, and what it asks for. */
  readonly waiters: string
}

/** The hash tag by Redis' own rule: from the first brace to the next closing one, unless nothing stands between them. */
const OWN_TAG = /^[^{]*\{([^}]+)\}/

/** What Redis hashes in place of the whole key, where it brings that. */
export const ownTagOf = (key: string): string | undefined => OWN_TAG.exec(key)?.[1]

/**
 * A key that brings a hash tag keeps it, so that its user decides which keys share a slot; any other key has that of its partition. A prefix has no braces: the first one ends
 * the namespace and tells the two kinds apart, so no two keys share a name, not even of two namespaces.
 */
export function keyNames(namespace: string, key: string): KeyNames {
  const ownTag = ownTagOf(key)
  const tag = ownTag === undefined ? partitionOf(key) : tagOfSlot(slotOfText(ownTag))
  return namesFrom(rootOf(namespace, key), `${namespace}{${tag}}`)
}

/** As `keyNames`, with a last token for each key: nodes of a quorum agree on tokens, and have to do so once more where one has met a greater one. */
export function quorumNames(namespace: string, key: string): KeyNames {
  const root = rootOf(namespace, key)
  return namesFrom(root, root)
}

const namesFrom = (root: string, ofToken: string): KeyNames => ({
  hold: `${root}:hold`,
  token: `${ofToken}:token`,
  queue: `${root}:queue`,
  waiters: `${root}:waiters`,
})

/** In the order in which the scripts read them. */
export const allNames = (names: KeyNames): string[] => [names.hold, names.token, names.queue, names.waiters]

/** Hash: of each holder whose hold was ended by force, until when it is told so, and why. */
export const forcedName = (namespace: string, key: string): string => `${rootOf(namespace, key)}:forced`

/** Finds the holds of all keys that begin so, and some others: what stands in the prefix stands for itself. */
export const holdsPattern = (namespace: string, prefix: string): string =>
  `${literal(namespace)}[{}]*${literal(prefix)}*:hold`

const literal = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&')

/** After the namespace: the tag of a partition, or the sign of a key with a tag of its own. */
const NAME_OF_HOLD = /^(?:\{[^}]*\}:|\})(.+):hold$/s

/** The key whose hold has this name; of any other name, nothing. */
export function keyOfHold(namespace: string, name: string): string | undefined {
  const key = name.startsWith(namespace) ? NAME_OF_HOLD.exec(name.slice(namespace.length))?.[1] : undefined
  return key !== undefined && keyNames(namespace, key).hold === name ? key : undefined
}

/** On a Cluster: where a process is told of its turns on this key, in the slot of the key. The scripts make the same name. */
export const turnsChannel = (namespace: string, key: string, process: string): string =>
  `${rootOf(namespace, key)}:turns:${process}`

const rootOf = (namespace: string, key: string): string =>
  ownTagOf(key) === undefined ? `${namespace}{${partitionOf(key)}}:${key}` : `${namespace}}${key}`
