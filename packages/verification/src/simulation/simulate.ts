import { describeFault, searchHistory } from '@leasehold/core/conformance'
import type { Counters } from './counters.ts'
import type { Engine } from './engine.ts'
import type { Host } from './host.ts'
import { TICKS_PER_MS } from './operation-log.ts'
import { Population } from './population.ts'
import { BROKEN_CONNECTION_MS } from './remote-backend.ts'
import { HEALTHY, MAX_DRIFT, type Scenario } from './scenario.ts'
import { rejectionsOf } from './unhandled.ts'
import { Universe } from './universe.ts'
import type { Violation } from './violation.ts'

export interface Outcome {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly counters: Counters
  readonly events: number
  readonly trace: readonly string[]
}

/** Some messages, some turns of an event loop, some timers: what a healthy system needs beside the TTL. */
const TURNAROUND_MS = 300
/** Whoever waited already, and whose message to the server was lost, is helped by its next poll: late by up to this factor. */
const POLL_JITTER = 1.25

/** A key that takes more is left undecided, and counted. */
const MOST_STEPS = 50_000

export interface Looks {
  /** Writes a timeline. */
  readonly traced?: boolean
  /** Searches the history for an order that explains it. */
  readonly searched?: boolean
}

/** One run: chaos, then health, then the end. The same seed and the same engine give the same outcome. */
export async function simulate(seed: number, engine: Engine, looks: Looks = {}): Promise<Outcome> {
  const { traced = false, searched = false } = looks
  const universe = new Universe(seed, engine, traced, searched)
  const stopListening = rejectionsOf((reason) =>
    universe.report('S8', `a rejection that nobody handles: ${String(reason)}`),
  )
  try {
    await live(universe)
  } finally {
    stopListening()
  }
  if (searched) searchHistoryOf(universe)
  const { violations, counters, world, trace, register, beliefs } = universe
  counters.unfencedLostUpdate = register.unfencedLost
  counters.overlapAfterStateLoss = beliefs.excusedOverlaps
  return { seed, violations, counters, events: world.eventCount, trace: trace?.lines ?? [] }
}

/** What the processes were answered is what a lock server can have answered. */
function searchHistoryOf(universe: Universe): void {
  const { report, counters, scenario } = universe
  // The server's clock may be as much slower.
  const slackMs = universe.server.capabilities.slackMs + longestTtlMs(scenario) * 2 * MAX_DRIFT
  const slack = BigInt(Math.ceil(slackMs * TICKS_PER_MS))
  const { faults, undecided } = searchHistory(universe.history(), { slack, mostSteps: MOST_STEPS })
  for (const fault of faults) report('history', describeFault(fault, { ticksPerMs: TICKS_PER_MS }))
  counters.keysUndecided += undecided.length
  counters.keysSearched += scenario.keys.length - undecided.length
}

async function live(universe: Universe): Promise<void> {
  const population = new Population(universe)
  population.begin()
  await universe.world.run(universe.scenario.chaosMs, universe.observe)
  await heal(universe, population)
  await probeAll(universe, population)
  await universe.world.run(universe.world.nowMs + lastMessageMs(universe), universe.observe)
  await closeAll(universe, population)
}

/** L1: when all faults have healed, a process that has had no part in them acquires every key in time. */
async function heal(universe: Universe, population: Population): Promise<void> {
  universe.trace?.note('', '*** everything heals')
  population.heal()
  const withinMs = freeWithinMs(universe)
  const observer = population.addHost()
  for (const link of observer.links) link.conditions = HEALTHY
  observer.stop()
  observer.start(() => acquireEach(universe, observer, withinMs))
  const eachMs = withinMs + universe.scenario.pollMs * POLL_JITTER
  const untilMs = universe.world.nowMs + eachMs * universe.scenario.keys.length
  await universe.world.run(untilMs, universe.observe, () => population.idle)
  if (!population.idle) reportBusy(universe, population)
}

function reportBusy(universe: Universe, population: Population): void {
  for (const { name, actors, machine } of population.everybody) {
    if (actors > 0 && !machine.dead)
      universe.report('L4', `${actors} callers in ${name} have not come back after all faults had healed`)
  }
}

/** No process is stuck: each acquires every key. */
async function probeAll(universe: Universe, population: Population): Promise<void> {
  for (const host of population.hosts()) host.start(() => acquireEach(universe, host, freeWithinMs(universe)))
  const untilMs = universe.world.nowMs + freeWithinMs(universe) * universe.scenario.keys.length
  await universe.world.run(untilMs, universe.observe, () => population.idle)
}

async function acquireEach(universe: Universe, host: Host, withinMs: number): Promise<void> {
  const { scenario, report } = universe
  for (const key of scenario.keys) {
    const options = { ttlMs: scenario.ttlsMs[0], waitMs: Math.ceil(withinMs) }
    try {
      const lease = await host.locks.named(key).acquire(options)
      universe.leased(key, lease.fencingToken)
      await lease.release()
    } catch (error) {
      report(
        'L1',
        `${host.name} could not acquire ${key} within ${options.waitMs} ms after all faults had healed: ${String(error)}`,
      )
    }
  }
}

/** The longest TTL that may have been granted by the last message under way, on the slowest clock. */
function freeWithinMs(universe: Universe): number {
  return (
    lastMessageMs(universe) + longestTtlMs(universe.scenario) + universe.server.capabilities.slackMs + TURNAROUND_MS
  )
}

/** When everything sent before the healing has arrived, or was given up. */
function lastMessageMs({ scenario: { conditions, requestTimeoutMs } }: Universe): number {
  return Math.max(conditions.latencyMs[1], conditions.slowMs[1], requestTimeoutMs, BROKEN_CONNECTION_MS)
}

const longestTtlMs = ({ ttlsMs }: Scenario): number => Math.max(...ttlsMs) * (1 + 2 * MAX_DRIFT)

/** L6, S6 and S7: nothing is left in the processes, and on the server nothing beyond one TTL. */
async function closeAll(universe: Universe, population: Population): Promise<void> {
  const { world, scenario, server, observe, report, audit } = universe
  for (const host of population.hosts()) host.start(() => host.close())
  await world.run(world.nowMs + scenario.requestTimeoutMs * 4 + TURNAROUND_MS, observe, () => population.idle)
  for (const host of population.hosts()) checkClosed(universe, host)
  audit.finish()
  await world.run(world.nowMs + freeWithinMs(universe), observe)
  for (const { name, machine } of population.everybody) {
    if (machine.timers.armed > 0) report('L6', `${name} has ${machine.timers.armed} timers long after close`)
  }
  if (server.heldKeys > 0) report('S7', `${server.heldKeys} keys are held one TTL after everybody has closed`)
  if (server.waits > 0) report('L6', `${server.waits} waits are left at the server after everybody has closed`)
}

function checkClosed({ report, scenario, contenders }: Universe, { closed, name }: Host): void {
  if (closed === undefined) report('L6', `${name} did not come to the end of close`)
  for (const { key, error } of closed?.unreleased ?? []) {
    report('L6', `${name} could not release ${key} although all was well: ${error.message}`)
  }
  for (const key of scenario.keys) {
    if (contenders.waiting(name, key) > 0) report('L6', `${name} still waits for ${key} after close`)
  }
}
