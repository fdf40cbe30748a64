import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Claim, Clock, createLocks, Inspection, LockBackend, RenewedClaim, shared, Terms } from '@leasehold/core'
import { bundle, type Patch } from '../../mutants/bundle.ts'

// The shapes of `packages/redis/src/quorum/node.ts`, which the package does not export.

export interface Stake {
  readonly token: bigint
  readonly ttlMs: number
}

export interface Vote extends Stake {
  readonly granted: true
  readonly counts: boolean
  readonly kept: boolean
  readonly clockUs: number
}

export interface Refusal {
  readonly granted: false
  readonly remainingMs: number
  readonly rank: string
  readonly clockUs: number
}

export interface Ask {
  readonly proposal: bigint
  readonly raise: boolean
  readonly attempt: number
}

export interface Kept {
  readonly claim: RenewedClaim
  readonly token: bigint
}

export interface QuorumNode {
  vote(claim: Claim, terms: Terms, ask: Ask): Promise<Vote | Refusal>
  renew(renewals: readonly RenewedClaim[]): Promise<readonly (Stake | undefined)[]>
  restore(kept: readonly Kept[]): Promise<unknown>
  release(claims: readonly Claim[]): Promise<readonly boolean[]>
  withdraw(claim: Claim, attempt: number): Promise<unknown>
  inspect(key: string): Promise<readonly Inspection[]>
}

interface QuorumOptions {
  readonly nodeTimeoutMs: number
  readonly maxTtlMs: number | undefined
  readonly random: () => number
}

/** What a simulation of a quorum runs: the engine, and what decides by the majority of nodes; or mutants of them. */
export interface QuorumEngine {
  readonly createLocks: typeof createLocks
  readonly shared: typeof shared
  readonly Quorum: new (
    nodes: readonly QuorumNode[],
    clock: Clock,
    options: QuorumOptions,
  ) => Pick<LockBackend, 'tryAcquire' | 'renew' | 'release'>
  readonly rankOfClaim: (claim: Omit<Claim, 'key'>) => string
}

const PROGRAM = `
  export { createLocks, shared } from '@leasehold/core'
  export { Quorum } from '@leasehold/redis/quorum'
  export { rankOfClaim } from '@leasehold/redis/rank'
`

/** From the sources, with the patches applied. */
export async function bundledQuorum(patches: readonly Patch[] = []): Promise<QuorumEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-simulation-'))
  try {
    const file = join(folder, 'quorum.mjs')
    await writeFile(file, await bundle(PROGRAM, patches))
    return (await import(pathToFileURL(file).href)) as QuorumEngine
  } finally {
    await rm(folder, { recursive: true })
  }
}
