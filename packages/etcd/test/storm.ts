import { fileURLToPath } from 'node:url'
import type { HistoryEvent } from '@leasehold/core/conformance'
import { ChildProgram, compiled, type Server, TcpProxy, until } from '@leasehold/test-services'
import { Etcd3 } from 'etcd3'
import { eventOf, type Noted } from './noted.ts'

/** By a process in a storm. */
export type Told =
  /** It wants these again and again. */
  | { readonly wants: readonly string[] }
  | { readonly noted: Noted }
  | { readonly worked: string }
  /** A promise that was not kept. */
  | { readonly broken: string }
  | { readonly done: true }

interface Member {
  readonly child: ChildProgram
  wants: readonly string[]
  /** What of it, it has had by now; by lease, too. */
  readonly had: Set<string>
  readonly keys: Map<string, string>
  isDone: boolean
}

export interface Weathered {
  readonly history: HistoryEvent[]
  readonly broken: string[]
}

/** Before anybody looks for turns of which it did not hear, which is a minute after the last look. */
const GETS_ON_MS = 50_000
const GUST_MS = 2_500

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const between = (least: number, most: number) => least + Math.random() * (most - least)
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T

/**
 * Servers stand still for about as long as a request is waited for, so that some requests have their answers and others do not, or begin anew; processes stand still for
 * less than their leases last, and for longer; lines are cut, lose what comes or deliver it late, after what was sent later; history is compacted. All of it at once, in gusts. After each of them
 * everything is well, and every process must get all that it wants.
 */
export async function storm(servers: readonly Server[], processes: number, gusts: number): Promise<Weathered> {
  const proxies = await Promise.all(servers.map((server) => TcpProxy.open(server)))
  const hosts = proxies.map((proxy, i) => proxy.through(servers[i]?.url ?? ''))
  const raw = new Etcd3({ hosts: servers.map(({ url }) => url) })
  const history: HistoryEvent[] = []
  const broken: string[] = []
  const path = await compiled(fileURLToPath(new URL('./storm-member.ts', import.meta.url)))
  const members = Array.from({ length: processes }, (_, i) => start(path, [`process ${i}`, hosts.join()]))
  try {
    const ended = Promise.race(members.map(({ child }) => child.exited)).then(() => {
      throw new Error('a process ended before it was ready')
    })
    await Promise.race([ended, until('all are ready', () => members.every(({ wants }) => wants.length > 0))])
    ended.catch(() => {})
    for (const { child } of members) child.send({ word: 'start' })
    await everybodyGetsOn()
    for (let gust = 0; gust < gusts; gust += 1) {
      const endMs = performance.now() + GUST_MS
      await Promise.all([
        again(endMs, () => harmServers(servers)),
        again(endMs, () => standStill(oneOf(members).child, between(300, 6_000))),
        again(endMs, () => harmLine(oneOf(proxies))),
        again(endMs, () => compact(raw)),
      ])
      await everybodyGetsOn()
    }
    for (const { child } of members) child.send({ word: 'stop' })
    await until('everybody is done', () => members.every(({ isDone }) => isDone))
    await Promise.all(members.map(({ child }) => child.exited))
  } finally {
    await Promise.all(members.map(({ child }) => child.kill()))
    await Promise.all(proxies.map((proxy) => proxy.close()))
    raw.close()
  }
  return { history, broken }

  function start(program: string, args: readonly string[]): Member {
    const child = new ChildProgram({ path: program, args, execArgv: [] })
    const member: Member = { child, wants: [], had: new Set(), keys: new Map(), isDone: false }
    child.onMessage((message) => hear(member, message as Told))
    return member
  }

  function hear(member: Member, told: Told): void {
    if ('noted' in told) note(member, eventOf(told.noted))
    else if ('broken' in told) broken.push(told.broken)
    else if ('worked' in told) member.had.add(told.worked)
    else if ('wants' in told) member.wants = told.wants
    else member.isDone = true
  }

  function note({ had, keys }: Member, event: HistoryEvent): void {
    history.push(event)
    if (event.type === 'granted') keys.set(event.lease, event.key)
    if (event.type === 'granted' || event.type === 'renewed') had.add(keys.get(event.lease) ?? '')
  }

  async function everybodyGetsOn(): Promise<void> {
    for (const { had } of members) had.clear()
    const missing = () => members.flatMap(({ wants, had }) => wants.filter((key) => !had.has(key)))
    await until('everybody gets all that it wants', () => missing().length === 0, GETS_ON_MS).catch((error: Error) => {
      throw new Error(`${error.message}: ${missing().join(', ')}`)
    })
  }
}

async function again(endMs: number, harm: () => Promise<void>): Promise<void> {
  while (performance.now() < endMs) {
    await pause(between(100, 800))
    await harm()
  }
}

async function standStill(one: { freeze(): void; thaw(): void }, ms: number): Promise<void> {
  one.freeze()
  await pause(ms)
  one.thaw()
}

/** One, or more than half of several: what they were asked for may be carried out later. */
async function harmServers(servers: readonly Server[]): Promise<void> {
  const [one, ...others] = servers.toSorted(() => Math.random() - 0.5) as [Server, ...Server[]]
  const how = Math.random()
  if (how < 0.25) {
    await one.kill()
    await pause(between(0, 500))
    await one.restart()
  } else {
    const all = how < 0.6 ? [one, ...others.slice(0, servers.length / 2)] : [one]
    const ms = between(300, 1_800)
    await Promise.all(all.map((server) => standStill(server, ms)))
  }
}

async function harmLine(proxy: TcpProxy): Promise<void> {
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
