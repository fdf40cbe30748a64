import type { Claim } from '@leasehold/core'
import { expect, it } from 'vitest'
import { JointScripts } from '../src/cluster/joint-scripts.ts'
import { claimOn } from './claims.ts'

const part = (group: number, count: number) => ({
  group,
  claims: Array.from({ length: count }, (_, index) => claimOn(`${group} ${index}`)),
})

/** Answers with the number of the claim in its script. */
function noting() {
  const scripts: (readonly Claim[])[] = []
  const together = async (claims: readonly Claim[]) => {
    scripts.push(claims)
    return claims.map((_, index) => index + 1)
  }
  return { scripts, together, alone: async () => 0 }
}

it('what is asked for in one turn becomes scripts of five hundred claims at most, and each is told its own', async () => {
  const joint = new JointScripts<Claim, number>()
  const { scripts, ...asking } = noting()
  const parts = [part(1, 200), part(1, 200), part(2, 5), part(1, 200), part(1, 1000)]
  const answers = await Promise.all(parts.map((each) => joint.ask(each, asking)))
  expect(scripts.map(({ length }) => length)).toEqual([400, 5, 200, 1000])
  expect(answers.map(({ length }) => length)).toEqual([200, 200, 5, 200, 1000])
  expect(answers[1]?.slice(0, 2)).toEqual([201, 202])
})

it('what is asked for later is a script of its own', async () => {
  const joint = new JointScripts<Claim, number>()
  const { scripts, ...asking } = noting()
  await joint.ask(part(1, 1), asking)
  await joint.ask(part(1, 3), asking)
  expect(scripts.map(({ length }) => length)).toEqual([1, 3])
})

it('who shares a script that fails is told so', async () => {
  const joint = new JointScripts<Claim, number>()
  const asking = { together: async () => Promise.reject(new Error('away')), alone: async () => 0 }
  const asked = await Promise.allSettled([joint.ask(part(1, 1), asking), joint.ask(part(1, 1), asking)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

it('in a slot on its way, each claim is asked for by itself', async () => {
  const joint = new JointScripts<Claim, string>()
  const asking = {
    together: async () => Promise.reject(new Error('TRYAGAIN Multiple keys request during rehashing of slot')),
    alone: async ({ key }: Claim) => key,
  }
  const answers = await Promise.all([joint.ask(part(1, 1), asking), joint.ask(part(1, 2), asking)])
  expect(answers).toEqual([['1 0'], ['1 0', '1 1']])
})
