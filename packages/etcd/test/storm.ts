import { fileURLToPath } from 'node:url'
import type { HistoryEvent } from '@leasehold/core/conformance'
import { ChildProgram, compiled, type Server, TcpProxy, until } from '@leasehold/test-services'
import { Etcd3 } from 'etcd3'
import { eventOf, type Noted } from './noted.ts'

/** What a process does again and again. `held`: it ends only with a loss. */
export type Loop = 'held' | 'long' | 'brief' | 'worked'

/** By a process in a storm. */
export type Told =
  | { readonly ready: true }
  | { readonly noted: Noted }
  | { readonly ended: Loop }
  /** A promise that was not kept. */
  | { readonly broken: string }
  | { readonly done: true }

interface Member {
  readonly child: ChildProgram
  readonly turns: Map<Loop, number>
  isReady: boolean
  isDone: boolean
}

export interface Weathered {
  readonly history: HistoryEvent[]
  readonly broken: string[]
  /** How often what was harmed. */
  readonly harms: Readonly<Record<string, number>>
}

/** Before anybody looks for turns of which it did not hear, which is a minute after the last look. */
const GETS_ON_MS = 50_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const between = (least: number, most: number) => least + Math.random() * (most - least)
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T

/**
 * Servers stand still for about as long as a request is waited for, so that some requests have their answers and others do not, or begin anew; processes stand still for
 * less than their leases last, and for longer; lines are cut, lose what comes or deliver it late, after what was sent later; history is compacted. All of it at once, and again and again for so long. Then everything is well, and
 * everybody must get on.
 */
export async function storm(servers: readonly Server[], processes: number, durationMs: number): Promise<Weathered> {
  const proxies = await Promise.all(servers.map((server) => TcpProxy.open(server)))
  const hosts = proxies.map((proxy, i) => proxy.through(servers[i]?.url ?? ''))
  const raw = new Etcd3({ hosts: servers.map(({ url }) => url) })
  const history: HistoryEvent[] = []
  const broken: string[] = []
  const harms: Record<string, number> = {}
  const path = await compiled(fileURLToPath(new URL('./storm-member.ts', import.meta.url)))
  const members = Array.from({ length: processes }, (_, i) => start(path, [`process ${i}`, hosts.join()]))
  const isFair = () => members.every((member) => hasTurns(member, 1))
  try {
    const ended = Promise.race(members.map(({ child }) => child.exited)).then(() => {
      throw new Error('a process ended before it was ready')
    })
    await Promise.race([ended, until('all are ready', () => members.every(({ isReady }) => isReady))])
    ended.catch(() => {})
    for (const { child } of members) child.send({ word: 'start' })
    await until('everybody has had turns', isFair)
    const endMs = performance.now() + durationMs
    await Promise.all([
      again(endMs, 'a server stood still, or began anew', () => harmServer(oneOf(servers))),
      again(endMs, 'a process stood still', () => standStill(oneOf(members).child, between(300, 6_000))),
      again(endMs, 'a line was harmed', () => harm(oneOf(proxies))),
      again(endMs, 'history was compacted', () => compact(raw)),
    ])
    for (const { turns } of members) turns.clear()
    await until('everybody gets on', isFair, GETS_ON_MS)
    for (const { child } of members) child.send({ word: 'stop' })
    await until('everybody is done', () => members.every(({ isDone }) => isDone))
    await Promise.all(members.map(({ child }) => child.exited))
  } finally {
    await Promise.all(members.map(({ child }) => child.kill()))
    await Promise.all(proxies.map((proxy) => proxy.close()))
    raw.close()
  }
  return { history, broken, harms }

  function start(program: string, args: readonly string[]): Member {
    const child = new ChildProgram({ path: program, args, execArgv: [] })
    const member: Member = { child, turns: new Map(), isReady: false, isDone: false }
    child.onMessage((message) => hear(member, message as Told))
    return member
  }

  function hear(member: Member, told: Told): void {
    if ('noted' in told) history.push(eventOf(told.noted))
    else if ('broken' in told) broken.push(told.broken)
    else if ('ended' in told) count(member, told.ended)
    else if ('ready' in told) member.isReady = true
    else member.isDone = true
  }

  async function again(endMs: number, what: string, harming: () => Promise<void>): Promise<void> {
    while (performance.now() < endMs) {
      await pause(between(100, 1_200))
      await harming()
      harms[what] = (harms[what] ?? 0) + 1
    }
  }
}

function count({ turns }: Member, loop: Loop): void {
  turns.set(loop, (turns.get(loop) ?? 0) + 1)
}

const hasTurns = ({ turns }: Member, least: number): boolean =>
  (['long', 'brief', 'worked'] as const).every((loop) => (turns.get(loop) ?? 0) >= least)

async function standStill(one: { freeze(): void; thaw(): void }, ms: number): Promise<void> {
  one.freeze()
  await pause(ms)
  one.thaw()
}

async function harmServer(server: Server): Promise<void> {
  if (Math.random() < 0.7) return standStill(server, between(300, 1_800))
  await server.kill()
  await pause(between(0, 500))
  await server.restart()
}

async function harm(proxy: TcpProxy): Promise<void> {
  const direction = oneOf(['requests', 'replies'] as const)
  const how = oneOf(['cut', 'swallow', 'hold', 'detain', 'detain'] as const)
  if (how === 'cut') return proxy.cut()
  if (how === 'detain') proxy.detain()
  else proxy[how](direction)
  await pause(how === 'swallow' ? between(50, 400) : between(200, 2_000))
  proxy.heal()
}

/** Up to now, unless no server answers. */
async function compact(raw: Etcd3): Promise<void> {
  const soon = { deadline: Date.now() + 1_000 }
  const read = await raw.kv.range({ key: Buffer.from('none') }, soon).catch(() => undefined)
  if (read !== undefined) await raw.kv.compact({ revision: read.header.revision, physical: true }, soon).catch(() => {})
}
