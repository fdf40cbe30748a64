import { fileURLToPath } from 'node:url'
import type { HistoryEvent } from '@leasehold/core/conformance'
import { ChildProgram, compiled, type Program, until } from '@leasehold/test-services'
import { eventOf, type Noted } from './noted.ts'

export interface PartsMember {
  readonly child: ChildProgram
  readonly events: HistoryEvent[]
  /** How many of each kind. */
  readonly turns: Map<string, number>
  isReady: boolean
  isDone: boolean
}

type Told = { readonly noted: Noted } | { readonly kind: string } | { readonly ready: true } | { readonly done: true }

/** Processes with readers, a writer and takers of permits of one key; none of them begins before it is told to. */
export async function startParts(size: number, url: string, key: string): Promise<PartsMember[]> {
  const path = await compiled(fileURLToPath(new URL('./parts-member.ts', import.meta.url)))
  const members = Array.from({ length: size }, () => startMember({ path, args: [url, key] }))
  await until('all are ready', () => members.every(({ isReady }) => isReady), 60_000)
  return members
}

function startMember(program: Program): PartsMember {
  const child = new ChildProgram({ ...program, execArgv: [] })
  const member: PartsMember = { child, events: [], turns: new Map(), isReady: false, isDone: false }
  child.onMessage((message) => {
    const told = message as Told
    if ('noted' in told) member.events.push(eventOf(told.noted))
    else if ('kind' in told) member.turns.set(told.kind, (member.turns.get(told.kind) ?? 0) + 1)
    else if ('ready' in told) member.isReady = true
    else member.isDone = true
  })
  return member
}

/** Each kind has had so many turns more than then. */
export const hadTurns = (member: PartsMember, count: number, since: ReadonlyMap<string, number> = new Map()): boolean =>
  ['all', 'shared', 'permits'].every((kind) => (member.turns.get(kind) ?? 0) >= (since.get(kind) ?? 0) + count)
