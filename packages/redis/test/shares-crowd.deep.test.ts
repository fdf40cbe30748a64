import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { checkHistory, type HistoryEvent } from '@leasehold/core/conformance'
import { ChildProgram, compiled, TcpProxy, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { startClusterStanding } from './cluster-standing.ts'
import { startStanding } from './standing.ts'

const standing = await startStanding()
const clustered = await startClusterStanding()
afterAll(() => Promise.all([standing.stop(), clustered.stop()]))

type Counts = Readonly<Record<'shared' | 'permits' | 'whole', number>>

interface Member {
  readonly child: ChildProgram
  isReady: boolean
  counts: Counts
  history: readonly HistoryEvent[] | undefined
}

type Told = { readonly ready: true } | { readonly counts: Counts } | { readonly history: string }

async function startMember(url: string, key: string, name: string): Promise<Member> {
  const path = await compiled(fileURLToPath(new URL('./shares-member.ts', import.meta.url)))
  const child = new ChildProgram({ path, args: [url, key, name], execArgv: [] })
  const member: Member = { child, isReady: false, counts: { shared: 0, permits: 0, whole: 0 }, history: undefined }
  child.onMessage((message) => {
    const told = message as Told
    if ('ready' in told) member.isReady = true
    else if ('counts' in told) member.counts = told.counts
    else member.history = historyOf(told.history)
  })
  await until('it is ready', () => member.isReady, 60_000)
  return member
}

const historyOf = (text: string): HistoryEvent[] =>
  JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  )

const start = (members: readonly Member[]) => {
  for (const { child } of members) child.send({ word: 'start' })
}

/** Of every kind, so many more turns of each process. */
async function goOn(members: readonly Member[], turns: number): Promise<void> {
  const before = members.map(({ counts }) => counts)
  const has = ({ counts }: Member, index: number) =>
    (['shared', 'permits', 'whole'] as const).every((kind) => counts[kind] >= (before[index]?.[kind] ?? 0) + turns)
  await until('everybody has turns of all kinds', () => members.every(has), 120_000)
}

async function expectSound(members: readonly Member[]): Promise<void> {
  for (const { child } of members) child.send({ word: 'stop' })
  await until('everybody is done', () => members.every(({ history }) => history !== undefined), 120_000)
  expect(checkHistory(members.flatMap(({ history = [] }) => history))).toEqual([])
}

describe('a crowd of readers, writers, and those who take permits', () => {
  it('of several processes keeps apart what excludes each other, and everybody has turns', async () => {
    const names = ['a', 'b', 'c']
    const members = await Promise.all(names.map((name) => startMember(standing.server.url, 'sound', name)))
    start(members)
    await goOn(members, 20)
    await expectSound(members)
  })

  it('of a Cluster, likewise', async () => {
    const urls = clustered.cluster.nodes.map(({ url }) => url).join(',')
    const members = await Promise.all(['a', 'b', 'c'].map((name) => startMember(urls, 'sound', name)))
    start(members)
    await goOn(members, 20)
    await expectSound(members)
  })

  it('does so while one is frozen again and again, lines are cut, and one is killed', async () => {
    await using proxy = await TcpProxy.open(standing.server)
    const { url } = standing.server
    const names = ['frozen', 'cut', 'killed', 'whole']
    const members = await Promise.all(
      names.map((name) => startMember(name === 'cut' ? proxy.through(url) : url, 'harmed', name)),
    )
    const [frozen, cut, killed, whole] = members as [Member, Member, Member, Member]
    start(members)
    await goOn(members, 5)
    for (let round = 0; round < 3; round += 1) {
      frozen.child.freeze()
      proxy.cut()
      await pause(2500)
      frozen.child.thaw()
      await goOn([frozen, cut, whole], 3)
    }
    await killed.child.kill()
    await goOn([frozen, cut, whole], 5)
    await expectSound([frozen, cut, whole])
  })
})
