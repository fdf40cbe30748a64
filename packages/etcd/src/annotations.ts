import type { Claim } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import type { Namespace } from './namespace.ts'
import type { Standing } from './standing.ts'
import { rewrite, unchangedSince, when } from './transactions.ts'
import { annotated } from './values.ts'

/** Metadata that are replaced while their claim holds. */
export class Annotations {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #standing: Standing

  constructor(connection: EtcdConnection, namespace: Namespace, standing: Standing) {
    this.#connection = connection
    this.#namespace = namespace
    this.#standing = standing
  }

  /** Only while the place is as it was read: an answer that is lost leaves nothing that could take effect later, on what another has become. */
  async annotate(claim: Claim, metadata: string): Promise<boolean> {
    const answer = await this.#connection.txn(when([], this.#standing.reads(claim)))
    const { held } = this.#standing.look(claim, answer)
    if (held === undefined) return false
    const place = this.#namespace.placeOf(claim)
    const rewriting = when([unchangedSince(place, held.mod_revision)], [rewrite(place, annotated(held, metadata))])
    // Unless a renewal has moved it just now, say.
    return (await this.#connection.txn(rewriting)).succeeded || this.annotate(claim, metadata)
  }
}
