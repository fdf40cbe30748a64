import type { ConformanceCase } from './case.ts'
import { conformanceCases } from './cases.ts'
import { unmet } from './needs.ts'
import type { ConformanceTarget } from './target.ts'
import { realTime } from './time.ts'
import { Trial } from './trial.ts'

export type Outcome =
  | { readonly status: 'passed' }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'skipped'; readonly reason: string }

export interface ConformanceReport {
  /** The target's name. */
  readonly backend: string
  readonly passed: readonly string[]
  readonly failed: readonly { readonly id: string; readonly error: unknown }[]
  readonly skipped: readonly { readonly id: string; readonly reason: string }[]
}

export interface RunOptions {
  /** Default: all. */
  readonly cases?: readonly ConformanceCase[]
  readonly onOutcome?: (testCase: ConformanceCase, outcome: Outcome) => void
}

/** A case that hangs must not hang the suite. Real time, whatever the target's notion of time is. */
const CASE_LIMIT_MS = 120_000

/** Runs the cases one after the other. Never rejects: what failed is in the report. */
export async function runConformance(target: ConformanceTarget, options: RunOptions = {}): Promise<ConformanceReport> {
  const passed: string[] = []
  const failed: { id: string; error: unknown }[] = []
  const skipped: { id: string; reason: string }[] = []
  for (const testCase of options.cases ?? conformanceCases) {
    const outcome = await runCase(testCase, target)
    if (outcome.status === 'passed') passed.push(testCase.id)
    if (outcome.status === 'failed') failed.push({ id: testCase.id, error: outcome.error })
    if (outcome.status === 'skipped') skipped.push({ id: testCase.id, reason: outcome.reason })
    options.onOutcome?.(testCase, outcome)
  }
  return { backend: target.name, passed, failed, skipped }
}

/** Runs one case, or says why it cannot. Never rejects. */
export async function runCase(testCase: ConformanceCase, target: ConformanceTarget): Promise<Outcome> {
  try {
    const probe = target.open({ clock: (target.time ?? realTime).clock })
    const { capabilities } = probe
    const reasons = testCase.needs.map((need) => unmet(need, target, probe)).filter((reason) => reason !== undefined)
    await probe.close?.()
    if (reasons.length > 0) return { status: 'skipped', reason: reasons.join('; ') }
    await watched(testCase, new Trial(target, capabilities, testCase.id))
    return { status: 'passed' }
  } catch (error) {
    return { status: 'failed', error }
  }
}

/** A case fails if anything that it set going rejects with nobody listening, too. */
async function watched(testCase: ConformanceCase, trial: Trial): Promise<void> {
  const unhandled: unknown[] = []
  const collect = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', collect)
  try {
    await limited(conducted(testCase, trial))
    // Node reports a rejection when the turn of the loop in which it was left alone is over.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('unhandledRejection', collect)
  }
  if (unhandled.length > 0) throw new Error('a rejection was left unhandled', { cause: unhandled[0] })
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
