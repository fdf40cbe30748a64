import type { Database } from '../database/database.ts'
import { fencedLease } from './fenced-lease.ts'
import { lease } from './lease.ts'
import { noLock } from './no-lock.ts'
import { rowLock } from './row-lock.ts'
import type { SeatLeases } from './seat-leases.ts'
import type { Strategy } from './strategy.ts'

export const STRATEGIES = {
  'no-lock': noLock,
  'row-lock': rowLock,
  lease,
  'fenced-lease': fencedLease,
} as const satisfies Record<string, (db: Database, leases: SeatLeases) => Strategy>

export type StrategyName = keyof typeof STRATEGIES

export const strategyNames = Object.keys(STRATEGIES) as StrategyName[]

export const isStrategyName = (name: string): name is StrategyName => Object.hasOwn(STRATEGIES, name)
