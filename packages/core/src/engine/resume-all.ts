import type { LeaseGroup, LeaseHandle, Locks, ResumeOptions } from '../api.ts'
import { assertOpen } from './bench.ts'
import type { Hold } from './hold.ts'
import { HeldLeases } from './lease-group.ts'
import { hallOf } from './locks.ts'
import { takeUp } from './resume.ts'

/**
 * Takes up leases that were handed off together, as `resume` does one: all of them, or null where one is gone. Those that are not are handed off again then, and so they are where the promise
 * rejects: their handles stay good. A lease that had been taken up here before goes on.
 */
export async function resumeAll(
  locks: Locks,
  handles: readonly LeaseHandle[],
  options?: ResumeOptions,
): Promise<LeaseGroup | null> {
  const hall = hallOf(locks)
  assertOpen(hall)
  if (!Array.isArray(handles) || handles.length === 0)
    throw new TypeError('handles must be what handOff of a group gave')
  const before = new Set(hall.holds)
  const taking = handles.map((handle) => takeUp(hall, handle, options))
  const settled = await Promise.allSettled(taking)
  const holds = settled.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []))
  if (holds.length === handles.length) return new HeldLeases(hall, holds)
  for (const hold of holds as Hold[]) if (hold.state === 'held' && !before.has(hold)) hold.handOff()
  for (const each of settled) if (each.status === 'rejected') throw each.reason
  return null
}
