import { allOf, createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { claimOn, terms } from './claims.ts'
import { scriptsRun, startStanding } from './standing.ts'

const standing = await startStanding()
const { ask, open } = standing
afterAll(standing.stop)

const COUNT = 1250
const claimsOf = (name: string, count = COUNT) =>
  Array.from({ length: count }, (_, index) => claimOn(`${name} ${index}`))

const held = async () => (await ask('keys', 'leasehold:*:hold')).split('\n').filter(Boolean).length

describe('a group of more keys than one script should have', () => {
  it('is taken in parts, whatever the order of its keys, and each key is answered', async () => {
    const backend = open()
    const claims = claimsOf('taken').toReversed()
    const grants = await backend.tryAcquireAll?.(claims, terms())
    expect(await scriptsRun(standing)).toBe(3)
    expect(grants).toHaveLength(COUNT)
    for (const index of [0, 499, 500, COUNT - 1]) {
      const { fencingToken } = (grants as readonly { fencingToken: bigint }[])[index] as { fencingToken: bigint }
      expect(await backend.inspect?.(claims[index]?.key ?? '')).toMatchObject([{ fencingToken }])
    }
    const parts = [claims.slice(0, 500), claims.slice(500, 1000), claims.slice(1000)]
    for (const part of parts) expect(await backend.releaseAll?.(part)).toEqual(part.map(() => true))
  })

  it('is given back where one of them is held', async () => {
    const [backend, other] = [open(), open()]
    const claims = claimsOf('refused')
    // The last in the order of the parts.
    await other.tryAcquire(claimOn('refused 999'), terms())
    expect(await backend.tryAcquireAll?.(claims, terms())).toMatchObject({ granted: false })
    expect(await held()).toBe(1)
    await ask('flushall')
  })

  it('of two that want the same keys, goes to one of both', async () => {
    const [one, other] = [createLocks(open()), createLocks(open())]
    const keys = claimsOf('both').map(({ key }) => key)
    const groups = [allOf(one, keys).tryAcquire(), allOf(other, keys.toReversed()).tryAcquire()]
    const taken = (await Promise.all(groups)).filter((group) => group !== null)
    expect(taken).toHaveLength(1)
    await taken[0]?.release()
    await until('nothing is held', async () => (await held()) === 0)
    await Promise.all([one.close(), other.close()])
  })
})
