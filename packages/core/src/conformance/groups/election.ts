import assert from 'node:assert/strict'
import { election } from '../../index.ts'
import { caseGroup } from '../case.ts'
import type { Process } from '../process.ts'
import type { Trial } from '../trial.ts'

const { cases, add } = caseGroup('election')

/** One leader among processes, whose term is the fencing token of its lock. */
export const electionCases = cases

const cutOff = async () => {
  throw new Error('cut off')
}

async function candidates(t: Trial, key = t.key()) {
  const processes = [await t.process(), await t.process()] as const
  const of = ({ locks }: Process) => election(locks, key, { ttlMs: t.ttlMs })
  return { key, processes, one: of(processes[0]), other: of(processes[1]) }
}

add('one-leader', 'one candidate leads, and the next when it resigns, in a later term', async (t) => {
  const { one, other, processes } = await candidates(t)
  await t.settled(one.campaign())
  assert.ok(one.isLeader)
  const { term } = one
  assert.ok(term !== undefined)
  const campaign = other.campaign()
  await t.until(() => processes[1].saw('waiting'), 'the other waits')
  assert.equal(other.isLeader, false)
  assert.equal(other.term, undefined)
  await t.settled(one.resign())
  assert.equal(one.isLeader, false)
  assert.equal(one.term, undefined)
  await t.settled(campaign)
  assert.ok(other.term !== undefined && other.term > term, `term ${other.term} after ${term}`)
})

add('campaign-again', 'a leader that campaigns once more leads on', async (t) => {
  const { one } = await candidates(t)
  const lead = await t.settled(one.campaign())
  assert.equal(await t.settled(one.campaign()), lead)
  assert.equal(one.term, lead.fencingToken)
})

add('told-leader', 'who leads, since which term and with what value is known to others', 'inspect', async (t) => {
  const { one, other } = await candidates(t)
  assert.equal(await other.leader(), null)
  await t.settled(one.campaign({ value: { address: 'one:1' } }))
  const seen = await other.leader()
  assert.equal(seen?.term, one.term)
  assert.deepEqual(seen?.value, { address: 'one:1' })
  await one.resign()
  assert.equal(await other.leader(), null)
})

add(
  'proclaimed',
  'a value that the leader proclaims is seen by others, and stays over renewals',
  'inspect',
  'annotate',
  async (t) => {
    const { one, other } = await candidates(t)
    const lead = await t.settled(one.campaign({ value: 'first' }))
    await t.settled(one.proclaim('second'))
    assert.equal((await other.leader())?.value, 'second')
    await t.settled(lead.renew())
    assert.equal((await other.leader())?.value, 'second')
    await one.resign()
    await t.rejects(one.proclaim('third'), 'LEASE_ENDED')
  },
)

add('observed', 'an observer is told of every leader, and ends with its signal', 'inspect', async (t) => {
  const { key, one, other } = await candidates(t)
  const { locks } = await t.process({ pollMs: t.pollMs })
  const abort = new AbortController()
  const terms: (bigint | undefined)[] = []
  const observing = (async () => {
    for await (const leader of election(locks, key).observe({ signal: abort.signal })) terms.push(leader?.term)
  })()
  await t.until(() => terms.length === 1, 'nobody is seen')
  await t.settled(one.campaign())
  const first = one.term
  await t.until(() => terms.at(-1) === first, 'the first is seen')
  await t.settled(one.resign())
  await t.settled(other.campaign())
  await t.until(() => terms.at(-1) === other.term, 'the other is seen')
  abort.abort()
  await t.settled(observing)
  assert.equal(terms[0], undefined)
})

add('lost-lead', 'a leader that is cut off leads no more at its deadline, and campaigns again by itself', async (t) => {
  const { one, other, processes } = await candidates(t)
  const terms: bigint[] = []
  const stop = new AbortController()
  const running = one.run({ signal: stop.signal }, async (lease) => {
    terms.push(lease.fencingToken)
    await new Promise<void>((resolve) => lease.signal.addEventListener('abort', () => resolve(), { once: true }))
  })
  await t.until(() => terms.length === 1, 'it leads')
  const { wire } = processes[0]
  wire.always('renew', cutOff)
  await t.until(() => processes[0].saw('lost'), 'its lead is lost', 3 * t.expiryMs + t.patienceMs)
  wire.heal()
  await t.until(() => terms.length > 1 && one.isLeader, 'it leads again', t.expiryMs + t.patienceMs)
  const last = terms.at(-1) as bigint
  assert.ok(last > (terms[0] as bigint), `terms ${terms.join(', ')}`)
  assert.equal(other.isLeader, false)
  stop.abort(new Error('enough'))
  await assert.rejects(t.settled(running), /enough/)
  await t.settled(other.campaign())
  assert.ok((other.term as bigint) > last)
})
