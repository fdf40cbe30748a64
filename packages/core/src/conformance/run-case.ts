import { Attachment } from '../attachment.ts'
import type { ConformanceCase } from './case.ts'
import { chain } from './diary.ts'
import { Floor } from './floor.ts'
import { unmet } from './needs.ts'
import type { Outcome } from './outcome.ts'
import { Pace } from './pace.ts'
import { Pulse, trip } from './pulse.ts'
import type { ConformanceTarget } from './target.ts'
import { Trial } from './trial.ts'

/** A case that hangs must not hang the suite. Real time, whatever the target's notion of time is. */
export const CASE_LIMIT_MS = 120_000

/** What all cases of one target share: who may run now, and how slow the machine is. */
class Ground {
  readonly floor = new Floor()
  readonly pace = new Pace()
  readonly #target: ConformanceTarget
  readonly #pulse: Pulse
  #measured: Promise<void> | undefined

  constructor(target: ConformanceTarget) {
    this.#target = target
    this.#pulse = new Pulse(target, (answerMs) => this.pace.note(answerMs))
  }

  /** A case that harms the server, or looks at what all share, is left alone. In virtual time there is nothing to be late. */
  pulseBeside({ alone }: ConformanceCase): Pulse | undefined {
    return alone || this.#target.time !== undefined ? undefined : this.#pulse
  }

  measured(): Promise<void> {
    this.#measured ??= measure(this.#target, this.pace)
    return this.#measured
  }
}

const grounds = new WeakMap<ConformanceTarget, Ground>()

function groundOf(target: ConformanceTarget): Ground {
  const ground = grounds.get(target) ?? new Ground(target)
  grounds.set(target, ground)
  return ground
}

/**
 * Runs one case, or says why it cannot. Never rejects. It may be called for several at once: those that would disturb the others wait until they are
 * alone. A case for which the machine was too slow is run once more, by itself, with the time that was seen to be needed.
 */
export async function runCase(testCase: ConformanceCase, target: ConformanceTarget): Promise<Outcome> {
  const first = await attempt(testCase, target, target.time !== undefined || testCase.alone)
  return first.status === 'inconclusive' ? settled(await attempt(testCase, target, true)) : first
}

type Attempt = Exclude<Outcome, { status: 'inconclusive' }> | (Outcome & { status: 'inconclusive'; busy: boolean })

/** On a machine that has nothing else to do, there is no excuse. */
function settled(outcome: Attempt): Outcome {
  if (outcome.status !== 'inconclusive' || outcome.busy) return outcome
  const { error: cause, reason } = outcome
  const message = `inconclusive, although nothing else keeps this machine busy: ${reason}\n${chain(cause)}`
  return { status: 'failed', error: new Error(message, { cause }) }
}

async function attempt(testCase: ConformanceCase, target: ConformanceTarget, alone: boolean): Promise<Attempt> {
  const ground = groundOf(target)
  try {
    return await ground.floor.run(testCase.id, alone, () => tried(testCase, target, ground))
  } catch (error) {
    return { status: 'failed', error }
  }
}

async function tried(testCase: ConformanceCase, target: ConformanceTarget, ground: Ground): Promise<Attempt> {
  const { capabilities, reasons } = await look(testCase, target)
  if (reasons.length > 0) return { status: 'skipped', reason: reasons.join('; ') }
  const { pace, floor } = ground
  if (target.time === undefined) await ground.measured()
  const trial = new Trial(target, capabilities, testCase.id, pace)
  const reading = pace.read()
  const pulse = ground.pulseBeside(testCase)
  pulse?.begin()
  try {
    await watched(testCase, trial, floor)
    return { status: 'passed' }
  } catch (cause) {
    await pulse?.answered()
    reading.end()
    const error = new Error(`${testCase.id}: ${chain(cause)}\n${trial.story}`, { cause })
    const reason = target.time === undefined ? (reading.inconclusive(trial.toleratedMs) ?? trial.tooLate) : undefined
    if (reason === undefined) return { status: 'failed', error }
    return { status: 'inconclusive', reason, error, busy: reading.busyWithOthers }
  } finally {
    reading.end()
    await pulse?.end()
  }
}

/** What the backend claims, and why the case cannot run on it. */
async function look(testCase: ConformanceCase, target: ConformanceTarget) {
  const probe = target.open()
  const { capabilities } = probe
  const reasons = testCase.needs.map((need) => unmet(need, target, probe)).filter((reason) => reason !== undefined)
  await probe.close?.()
  return { capabilities, reasons }
}

/** How long a client that is in use waits for an answer. */
async function measure(target: ConformanceTarget, pace: Pace): Promise<void> {
  const reading = pace.read()
  const client = target.open()
  client.attach?.(new Attachment())
  // Connects.
  await trip(client)
  await pace.measure(() => trip(client))
  await client.close?.()
  reading.end()
}

const collectors = new Set<(reason: unknown) => void>()

const tellAll = (reason: unknown): void => {
  for (const collect of collectors) collect(reason)
}

/** One listener for all cases: Node warns of many. */
function onUnhandled(collect: (reason: unknown) => void): () => void {
  if (collectors.size === 0) process.on('unhandledRejection', tellAll)
  collectors.add(collect)
  return () => {
    collectors.delete(collect)
    if (collectors.size === 0) process.off('unhandledRejection', tellAll)
  }
}

/** A case fails if anything that it set going rejects with nobody listening, too. */
async function watched(testCase: ConformanceCase, trial: Trial, floor: Floor): Promise<void> {
  const unhandled: unknown[] = []
  const beside = new Set<string>()
  const collect = (reason: unknown) => {
    unhandled.push(reason)
    for (const id of floor.inside) beside.add(id)
  }
  const stop = onUnhandled(collect)
  try {
    await limited(conducted(testCase, trial))
    // Node reports a rejection when the turn of the loop in which it was left alone is over.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    stop()
  }
  if (unhandled.length === 0) return
  // Nothing tells whose it was: each of them alone will.
  const whose = beside.size > 1 ? `, by one of ${[...beside].join(', ')}` : ''
  throw new Error(`a rejection was left unhandled${whose}`, { cause: unhandled[0] })
}

async function conducted(testCase: ConformanceCase, trial: Trial): Promise<void> {
  let failure: { error: unknown } | undefined
  await testCase.run(trial).catch((error: unknown) => {
    failure = { error }
  })
  await trial.end().catch((error: unknown) => {
    failure ??= { error }
  })
  if (failure !== undefined) throw failure.error
}

async function limited(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the case did not end within ${CASE_LIMIT_MS} ms`)), CASE_LIMIT_MS)
  })
  try {
    await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
