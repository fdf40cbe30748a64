import { vi } from 'vitest'
import { describeRaces } from './races.ts'

// For what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

// What one process sells, with leases and without, is in `race.deep.test.ts`.
describeRaces(['redis'])
