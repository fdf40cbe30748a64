import type { Claim } from '@leasehold/core'
import type { BeliefCheck } from './belief-check.ts'
import type { ClaimAudit } from './claim-audit.ts'
import type { ContenderCount } from './contender-count.ts'
import type { Counters } from './counters.ts'
import type { Engine } from './engine.ts'
import type { FencedRegister } from './fenced-register.ts'
import type { HoldModel } from './hold-model.ts'
import type { LeaseBook } from './lease-book.ts'
import type { OperationLog } from './operation-log.ts'
import type { Part } from './part.ts'
import type { Scenario } from './scenario.ts'
import type { Server } from './server.ts'
import type { TokenOrder } from './token-order.ts'
import type { Trace } from './trace.ts'
import type { ReportViolation } from './violation.ts'
import type { World } from './world.ts'

/** What the parts of one run share. */
export interface RunContext {
  readonly seed: number
  readonly engine: Engine
  readonly scenario: Scenario
  readonly world: World
  readonly server: Server
  readonly register: FencedRegister
  readonly counters: Counters
  /** Only where somebody wants to read it: to write a timeline costs more than the run. */
  readonly trace: Trace | undefined
  /** Only where the history is to be searched. */
  readonly operations: OperationLog | undefined
  readonly report: ReportViolation
  readonly book: LeaseBook
  readonly audit: ClaimAudit
  readonly contenders: ContenderCount
  readonly tokenOrder: TokenOrder
  readonly model: HoldModel
  readonly beliefs: BeliefCheck
  /** A process has a lease of this grant. */
  leased(key: string, token: bigint): void
  /** What the server granted under this token. */
  partOf(key: string, token: bigint): Part
  /** A process reads that its claim is gone. */
  toldGone(process: string, claim: Claim): void
}
