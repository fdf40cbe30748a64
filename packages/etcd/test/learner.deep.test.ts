import { afterAll, expect, it } from 'vitest'
import { startTestCluster } from './cluster.ts'
import { claimOn, terms, uniqueKey } from './server.ts'

const cluster = await startTestCluster()
const learner = await cluster.startLearner()
afterAll(async () => {
  await learner.stop()
  await cluster.stop()
})

it('a member without a vote that is among the hosts is not asked', async () => {
  const hosts = [learner, ...cluster.members].map(({ url }) => url)
  // Whichever says first that it is there would be asked.
  for (let times = 0; times < 20; times += 1) {
    const backend = cluster.open({ hosts })
    const claim = claimOn(uniqueKey())
    expect(await backend.tryAcquire(claim, terms())).toMatchObject({ granted: true })
    expect(await backend.release(claim)).toBe(true)
  }
})
