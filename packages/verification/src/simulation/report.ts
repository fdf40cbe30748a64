import type { SeededViolation } from './batch.ts'
import { type Counters, ESSENTIAL } from './counters.ts'

export interface SimulationReport {
  readonly seeds: number
  readonly seconds: number
  readonly events: Counters
  readonly violations: readonly SeededViolation[]
  /** Essential events that never happened: a run without them proves nothing. */
  readonly unseen: readonly (keyof Counters)[]
}

/** A report with more is of no use to anybody. */
const MOST_SHOWN = 20

export const unseenIn = (events: Counters): (keyof Counters)[] => ESSENTIAL.filter((name) => events[name] === 0)

export const passed = ({ violations, unseen }: SimulationReport): boolean =>
  violations.length === 0 && unseen.length === 0

export function describeReport(report: SimulationReport): string {
  const { seeds, seconds, events, violations, unseen } = report
  const seen = Object.entries(events).map(([name, count]) => `  ${name.padEnd(24)} ${String(count).padStart(9)}`)
  const broken = violations.slice(0, MOST_SHOWN).map(({ seed, rule, detail }) => `  seed ${seed}  ${rule}  ${detail}`)
  const [first] = violations
  return [
    `${seeds} seeds in ${seconds.toFixed(1)} s. What happened in them:`,
    ...seen,
    violations.length === 0 ? 'No rule was broken.' : `${violations.length} violations:`,
    ...broken,
    ...(first === undefined ? [] : [`Replay the first with: npx pnpm simulate --seed ${first.seed}`]),
    ...(unseen.length === 0 ? [] : [`These runs proved nothing: never seen ${unseen.join(', ')}.`]),
  ].join('\n')
}
