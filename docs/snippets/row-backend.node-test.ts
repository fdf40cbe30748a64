import { describe, it } from 'node:test'
import type { Clock } from '@leasehold/core'
import { type ConformanceTarget, registerConformance, virtualTime } from '@leasehold/core/conformance'
import { type LockRow, type Rows, rowBackend } from './row-backend.ts'

/** Stands in for the server: a map, and a clock of its own. */
function rowsInMemory(clock: Clock): Rows {
  const rows = new Map<string, LockRow>()
  return {
    async change(key, step) {
      const [answer, next] = step(rows.get(key), clock.now().monotonicMs)
      if (next !== undefined) rows.set(key, next)
      return answer
    },
  }
}

const time = virtualTime()
const rows = rowsInMemory(time.clock)
const target: ConformanceTarget = { name: 'rows in memory', time, open: () => rowBackend(rows) }

registerConformance({ describe, it }, target)
