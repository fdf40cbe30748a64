import type { Election, Json } from '@leasehold/core'
import type { Timeline } from './timeline.ts'

/** Notes who leads the sweep of holds that ran out, and in which term, until `signal` aborts. */
export async function watchSweep(leadership: Election, timeline: Timeline, signal: AbortSignal): Promise<void> {
  let before: string | undefined
  for await (const leader of leadership.observe({ signal })) {
    if (leader === null) continue
    const node = nodeIn(leader.value)
    const change = before === undefined || before === node ? '' : `, after ${before}`
    timeline.note('lock', 'plain', `Elects ${node} to look after holds that run out, term ${leader.term}${change}.`)
    before = node
  }
}

const nodeIn = (value: Json | undefined): string =>
  typeof value === 'object' && value !== null && 'node' in value ? String(value['node']) : '?'
