import { expect, it } from 'vitest'
import { FenceGuard } from '../src/index.ts'

it('accepts tokens that do not go back, per resource', () => {
  const guard = new FenceGuard()
  guard.check('seat:A1', 2n)
  guard.check('seat:A1', 2n)
  guard.check('seat:A2', 1n)
  guard.check('seat:A1', 2n ** 60n)
})

it('refuses a stale token, names both, and remembers the newer one', () => {
  const guard = new FenceGuard()
  guard.check('seat:A1', 34n)
  const stale = expect.objectContaining({
    code: 'STALE_TOKEN',
    key: 'seat:A1',
    message: expect.stringMatching(/33.*34/),
  })
  expect(() => guard.check('seat:A1', 33n)).toThrow(stale)
  expect(() => guard.check('seat:A1', 33n)).toThrow(stale)
})

it('forgets a resource on request', () => {
  const guard = new FenceGuard()
  guard.check('seat:A1', 34n)
  guard.forget('seat:A1')
  guard.check('seat:A1', 1n)
})
