import type { Claim, Renewal } from '@leasehold/core'
import { isHalfway } from './cluster/halfway.ts'
import { forcedName } from './key-names.ts'
import type { Scripts } from './script.ts'
import { forced } from './scripts/forced.ts'

/** Says of holds that are gone why, where they were ended by force. Only then anything more is asked, and that they are gone is known without it. */
export async function withReasons(
  scripts: Scripts,
  namespace: string,
  claims: readonly Claim[],
  renewals: readonly Renewal[],
): Promise<readonly Renewal[]> {
  const gone = claims.filter((_, index) => renewals[index] === 'gone')
  if (gone.length === 0) return renewals
  const names = gone.map(({ key }) => forcedName(namespace, key))
  const holders = gone.map(({ holder }) => holder)
  const answer = await scripts.run(forced, names, holders).catch((error: unknown) => {
    // Then each is asked for by itself.
    if (isHalfway(error)) throw error
    return []
  })
  const told = new Map((answer as (string | null)[]).map((each, index) => [gone[index], each]))
  return renewals.map((renewal, index) => goneFor(told.get(claims[index])) ?? renewal)
}

/** The reason stands after the time. */
const goneFor = (told: string | null | undefined): Renewal | undefined =>
  typeof told === 'string' ? `gone: ${told.slice(told.indexOf(' ') + 1)}` : undefined
