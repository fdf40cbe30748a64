import type { Claim, Renewal } from '@leasehold/core'
import { expect, it } from 'vitest'
import { JointRenewals } from '../src/cluster/joint-renewals.ts'
import { claimOn } from './claims.ts'

const grant = (ttlMs: number): Renewal => ({ granted: true, fencingToken: 1n, ttlMs })
const part = (slot: number, count: number) => ({
  slot,
  claims: Array.from({ length: count }, (_, index) => claimOn(`${slot} ${index}`)),
  indices: [],
})

/** Answers with the number of the claim in its script as the TTL. */
function noting() {
  const scripts: (readonly Claim[])[] = []
  const renew = async (claims: readonly Claim[]) => {
    scripts.push(claims)
    return claims.map((_, index) => grant(index + 1))
  }
  return { scripts, renew }
}

it('what is asked for in one turn becomes scripts of five hundred claims at most, and each is told its own', async () => {
  const joint = new JointRenewals()
  const { scripts, renew } = noting()
  const parts = [part(1, 200), part(1, 200), part(2, 5), part(1, 200), part(1, 1000)]
  const answers = await Promise.all(parts.map((each) => joint.renew(each, 1000, renew)))
  expect(scripts.map(({ length }) => length)).toEqual([400, 5, 200, 1000])
  expect(answers.map(({ length }) => length)).toEqual([200, 200, 5, 200, 1000])
  expect(answers[1]?.slice(0, 2)).toEqual([grant(201), grant(202)])
})

it('what is asked for later, or for another TTL, is a script of its own', async () => {
  const joint = new JointRenewals()
  const { scripts, renew } = noting()
  await Promise.all([joint.renew(part(1, 1), 1000, renew), joint.renew(part(1, 2), 2000, renew)])
  await joint.renew(part(1, 3), 1000, renew)
  expect(scripts.map(({ length }) => length)).toEqual([1, 2, 3])
})

it('who shares a script that fails is told so', async () => {
  const joint = new JointRenewals()
  const renew = async () => Promise.reject(new Error('away'))
  const asked = await Promise.allSettled([joint.renew(part(1, 1), 1, renew), joint.renew(part(1, 1), 1, renew)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

it('in a slot on its way, claims are renewed one by one: one that fails is unknown', async () => {
  const joint = new JointRenewals()
  const [first, second] = [part(1, 1), part(1, 2)]
  const renew = async (claims: readonly Claim[]) => {
    if (claims.length > 1) throw new Error('TRYAGAIN Multiple keys request during rehashing of slot')
    if (claims[0] === second.claims[1]) throw new Error('away')
    return [grant(1)]
  }
  const answers = await Promise.all([first, second].map((each) => joint.renew(each, 1, renew)))
  expect(answers).toEqual([[grant(1)], [grant(1), 'unknown']])
})
