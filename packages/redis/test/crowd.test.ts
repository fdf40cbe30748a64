import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { inCommon, longestGapMs, type Member, start, startMember, stop } from './crowd.ts'
import { claimOn, scriptsRun, startStanding, terms } from './standing.ts'

const PROCESSES = 8
const CALLERS = 8
/** Of every process, before the crowd is told to stop. */
const TURNS = 200
/** Of the members' leases. */
const TTL_MS = 2000
/** What a dead waiter may cost, and by how much later than its TTL the key of a dead holder may come free. */
const SLACK_MS = 2000

const standing = await startStanding()
const { ask, server } = standing
afterAll(standing.stop)

const members = (count: number, key: string, callers = CALLERS): Promise<Member[]> =>
  Promise.all(Array.from({ length: count }, () => startMember(server.url, key, callers)))

const spread = (counts: readonly number[]): number => Math.max(...counts) / Math.min(...counts)

const lineLength = async (key: string) => Number(await ask('llen', keyNames('leasehold:', key).queue))

describe('8 processes with 8 callers each who want one key', () => {
  it('all get their turns, evenly, in the order of tokens, at few commands a handover', async () => {
    const crowd = await members(PROCESSES, 'crowd')
    await ask('config', 'resetstat')
    start(crowd)
    await until('everybody had many turns', () => crowd.every(({ count }) => count >= TURNS), 60_000)
    const turns = await stop(crowd)
    const scripts = await scriptsRun(standing)

    const tokens = turns.flat().map(({ token }) => token)
    expect(new Set(tokens).size).toBe(tokens.length)
    expect(scripts / tokens.length).toBeLessThanOrEqual(2)
    const common = inCommon(turns)
    expect(spread(common.map((own) => own.length))).toBeLessThanOrEqual(1.2)
    const ofCallers = common.flatMap((own) =>
      Array.from({ length: CALLERS }, (_, caller) => own.filter((turn) => turn.caller === caller).length),
    )
    expect(spread(ofCallers)).toBeLessThanOrEqual(1.2)
  }, 90_000)

  it('are held up by none of them that is frozen or killed, beyond its TTL', async () => {
    const crowd = await members(4, 'harmed')
    const [frozen, killed, ...others] = crowd as [Member, Member, ...Member[]]
    start(crowd)
    await until('everybody had turns', () => crowd.every(({ count }) => count >= 10), 60_000)
    frozen.child.kill('SIGSTOP')
    killed.child.kill('SIGKILL')
    const before = others.map(({ count }) => count)
    await until('the others go on', () => others.every(({ count }, i) => count > (before[i] ?? 0) + 50), 60_000)
    const missed = frozen.count
    frozen.child.kill('SIGCONT')
    await until('the thawed one has turns again', () => frozen.count > missed + 5, 60_000)
    const turns = await stop([frozen, ...others])
    const tokens = turns.flat().map(({ token }) => token)
    expect(new Set(tokens).size).toBe(tokens.length)
    expect(longestGapMs(turns)).toBeLessThanOrEqual(TTL_MS + SLACK_MS)
  }, 90_000)
})

describe('a waiter that dies in line', () => {
  it.each(['SIGSTOP', 'SIGKILL'] as const)('by %s costs who comes after it less than two seconds', async (signal) => {
    const key = `dead by ${signal}`
    const [backend, other] = [standing.open(), createLocks(standing.open(), { pollMs: 60_000 })]
    const held = claimOn(key)
    await backend.tryAcquire(held, terms())
    const [dead] = (await members(1, key, 1)) as [Member]
    start([dead])
    await until('it stands in line', async () => (await lineLength(key)) === 1)
    const next = other.lock(key).acquire()
    await until('both do', async () => (await lineLength(key)) === 2)
    dead.child.kill(signal)
    const [seconds = 0, micros = 0] = (await ask('time')).split('\n').map(Number)
    await backend.release(held)
    const { fencingToken } = await next
    dead.child.kill('SIGKILL')
    expect(Number(fencingToken) / 1000 - (seconds * 1000 + micros / 1000)).toBeLessThanOrEqual(SLACK_MS)
    await other.close()
  })
})
