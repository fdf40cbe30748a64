import type { LockBackend } from '@leasehold/core'
import { type ConformanceTarget, runCase } from '@leasehold/core/conformance'
import { describe, expect, it } from 'vitest'
import { memoryTarget } from '../src/conformance/memory.ts'
import { caseThat } from './case-that.ts'

/** As the memory backend, and said to poll by itself. */
function claiming(change: (inner: LockBackend) => Partial<LockBackend>): ConformanceTarget {
  const { open, ...target } = memoryTarget()
  const opened = (inner: LockBackend): LockBackend => ({
    ...inner,
    capabilities: { ...inner.capabilities, selfPolling: true },
    ...change(inner),
  })
  return { ...target, open: () => opened(open()) }
}

const finds = caseThat('wait/polls-itself')

describe('the case of waits that poll by themselves', () => {
  it('believes a backend that does', async () => {
    expect(
      await runCase(
        finds,
        claiming(() => ({})),
      ),
    ).toEqual({ status: 'passed' })
  })

  it('notices a backend that waits to be told', async () => {
    const deaf: LockBackend['waitForTurn'] = (_claim, _terms, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
    expect(
      await runCase(
        finds,
        claiming(() => ({ waitForTurn: deaf })),
      ),
    ).toMatchObject({ status: 'failed' })
  })

  it('is skipped where that is not claimed', async () => {
    expect(await runCase(finds, memoryTarget())).toMatchObject({ status: 'skipped' })
  })
})
