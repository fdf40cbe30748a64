import { createLocks } from '@leasehold/core'
import { Lateness, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { longestGapMs, type Member, start, startMembers, stop } from './crowd.ts'
import { evenTurns } from './even-turns.ts'
import { startStanding } from './standing.ts'

/** Of the members' leases. */
const TTL_MS = 2000
/** What a dead waiter may cost, and by how much later than its TTL the key of a dead holder may come free. */
const SLACK_MS = 2000

const standing = await startStanding()
const { ask, server } = standing
afterAll(standing.stop)

const lineLength = async (key: string) => Number(await ask('llen', keyNames('leasehold:', key).queue))

describe('processes with several callers each who want one key', () => {
  it('all get their turns, evenly, in the order of tokens, at few commands a handover', async () => {
    await evenTurns([server], { key: 'crowd', processes: 3, callers: 4, turns: 800 })
  })

  it('are held up by none of them that is frozen or killed, beyond its TTL', async () => {
    const crowd = await startMembers(3, server.url, 'harmed', 4)
    const [frozen, killed, ...others] = crowd as [Member, Member, ...Member[]]
    start(crowd)
    await until('everybody had turns', () => crowd.every(({ count }) => count >= 10))
    const lateness = Lateness.watch()
    frozen.child.freeze()
    await killed.child.kill()
    const before = others.map(({ count }) => count)
    await until('the others go on', () => others.every(({ count }, i) => count > (before[i] ?? 0) + 50))
    const missed = frozen.count
    frozen.child.thaw()
    await until('the thawed one has turns again', () => frozen.count > missed + 5)
    const turns = await stop([frozen, ...others])
    const tokens = turns.flat().map(({ token }) => token)
    expect(new Set(tokens).size).toBe(tokens.length)
    expect(longestGapMs(turns)).toBeLessThanOrEqual(TTL_MS + SLACK_MS + lateness.allowanceMs())
  })
})

describe('a waiter that dies in line', () => {
  it.concurrent.each(['frozen', 'killed'] as const)(
    '(%s) costs who comes after it less than two seconds',
    async (fate) => {
      const key = `dead: ${fate}`
      const [backend, other] = [standing.open(), createLocks(standing.open(), { pollMs: 60_000 })]
      const held = claimOn(key)
      await backend.tryAcquire(held, terms())
      const [dead] = (await startMembers(1, server.url, key, 1)) as [Member]
      start([dead])
      await until('it stands in line', async () => (await lineLength(key)) === 1)
      const next = other.named(key).acquire()
      await until('both do', async () => (await lineLength(key)) === 2)
      if (fate === 'frozen') dead.child.freeze()
      else await dead.child.kill()
      const lateness = Lateness.watch()
      const [seconds = 0, micros = 0] = (await ask('time')).split('\n').map(Number)
      await backend.release(held)
      const { fencingToken } = await next
      await dead.child.kill()
      const tookMs = Number(fencingToken) / 1000 - (seconds * 1000 + micros / 1000)
      expect(tookMs).toBeLessThanOrEqual(SLACK_MS + lateness.allowanceMs())
      await other.close()
    },
    60_000,
  )
})
