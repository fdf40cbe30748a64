import { fileURLToPath } from 'node:url'
import { checkHistory, type HistoryEvent } from '@leasehold/core/conformance'
import { ChildProgram, compiled, until } from '@leasehold/test-services'
import { expect } from 'vitest'

type Kind = 'shared' | 'permits' | 'whole'

type Counts = Readonly<Record<Kind, number>>

/** A process of a crowd that shares a key. */
export interface Member {
  readonly child: ChildProgram
  isReady: boolean
  counts: Counts
  history: readonly HistoryEvent[] | undefined
}

type Told = { readonly ready: true } | { readonly counts: Counts } | { readonly history: string }

/** `setUp`: what there is at the address, or addresses; none for one node, or a Cluster. */
export async function startMember(url: string, key: string, name: string, setUp?: 'quorum'): Promise<Member> {
  const path = await compiled(fileURLToPath(new URL('./shares-member.ts', import.meta.url)))
  const child = new ChildProgram({ path, args: [url, key, name, setUp ?? ''], execArgv: [] })
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

export const start = (members: readonly Member[]) => {
  for (const { child } of members) child.send({ word: 'start' })
}

/** Of every kind, so many more turns of each process. */
export async function goOn(
  members: readonly Member[],
  turns: number,
  kinds: readonly Kind[] = ['shared', 'permits', 'whole'],
): Promise<void> {
  const before = members.map(({ counts }) => counts)
  const has = ({ counts }: Member, index: number) =>
    kinds.every((kind) => counts[kind] >= (before[index]?.[kind] ?? 0) + turns)
  await until('everybody has turns of all kinds', () => members.every(has), 120_000)
}

export async function expectSound(members: readonly Member[]): Promise<void> {
  for (const { child } of members) child.send({ word: 'stop' })
  await until('everybody is done', () => members.every(({ history }) => history !== undefined), 120_000)
  expect(checkHistory(members.flatMap(({ history = [] }) => history))).toEqual([])
}
