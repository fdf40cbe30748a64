import type { Claim, Inspection, RenewedClaim, Terms } from '@leasehold/core'
import type { Link } from '../link.ts'
import type { Machine } from '../machine.ts'
import { remoteCall } from '../remote-call.ts'
import type { Ask, Kept, QuorumNode, Refusal, Stake, Vote } from './quorum-engine.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** One node at the other end of a bad network, as a process sees it. A silent connection is given up after a time. */
export class RemoteNode implements QuorumNode {
  readonly #machine: Machine
  readonly #link: Link
  readonly #node: SimulatedNode
  readonly #replyTimeoutMs: number
  /** A withdrawal has ended a hold under this token. */
  readonly #onWithdrawn: (key: string, token: bigint | undefined) => void

  constructor(
    machine: Machine,
    link: Link,
    node: SimulatedNode,
    replyTimeoutMs: number,
    onWithdrawn: (key: string, token: bigint | undefined) => void,
  ) {
    this.#machine = machine
    this.#link = link
    this.#node = node
    this.#replyTimeoutMs = replyTimeoutMs
    this.#onWithdrawn = onWithdrawn
  }

  vote(claim: Claim, terms: Terms, ask: Ask): Promise<Vote | Refusal> {
    return this.#call((node) => node.vote(claim, terms, ask))
  }

  renew(renewals: readonly RenewedClaim[]): Promise<readonly (Stake | undefined)[]> {
    return this.#call((node) => node.renew(renewals))
  }

  restore(kept: readonly Kept[]): Promise<unknown> {
    return this.#call((node) => node.restore(kept))
  }

  release(claims: readonly Claim[]): Promise<readonly boolean[]> {
    return this.#call((node) => claims.map((claim) => node.release(claim)))
  }

  withdraw(claim: Claim, attempt: number): Promise<unknown> {
    return this.#call((node) => this.#onWithdrawn(claim.key, node.withdraw(claim, attempt)))
  }

  inspect(): Promise<readonly Inspection[]> {
    return Promise.reject(new Error('not simulated'))
  }

  #call<T>(serve: (node: SimulatedNode) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#machine.driverTimers.setTimer(this.#replyTimeoutMs, () => reject(new Error('silent')))
      remoteCall(this.#link, this.#machine, () => this.#node.perform(serve))
        .then(resolve, reject)
        .finally(cancel)
    })
  }
}
