import type { LockOperation } from './operation.ts'
import { isRead } from './prepare.ts'

/** Whether these operations cannot be explained. */
export type IsUnexplained = (operations: readonly LockOperation[]) => boolean

/**
 * As few of the operations as still cannot be explained: none of them can be left out.
 *
 * Left out is only what nothing else needs: in a history that can be explained, each rest can be explained, too. So what is left is at fault whatever the others did. An answer that changed nothing may be left out alone,
 * and a claim with all that was asked for it, once nobody's refusal is left that it might explain.
 */
export function smallest(operations: readonly LockOperation[], isUnexplained: IsUnexplained): LockOperation[] {
  const kept = withoutRefusals(operations, isUnexplained)
  const withFewerReads = fewest(kept, eachThat(isRead), isUnexplained)
  const withFewerClaims = fewest(withFewerReads, claimsThatExplainNothing, isUnexplained)
  return withoutIdleClears(fewest(withFewerClaims, eachThat(isIdleRenewal), isUnexplained))
}

/** Before anybody asked for anything, there was nothing to end. */
function withoutIdleClears(operations: readonly LockOperation[]): LockOperation[] {
  const asked = operations.filter(({ type }) => type !== 'clear')
  return operations.filter(
    ({ type, returned }) =>
      type !== 'clear' || returned === undefined || asked.some(({ called }) => called <= returned),
  )
}

/** What may be left out, each of the parts by itself. */
type Parts = (operations: readonly LockOperation[]) => readonly (readonly LockOperation[])[]

const eachThat =
  (may: (operation: LockOperation) => boolean): Parts =>
  (operations) =>
    operations.filter(may).map((operation) => [operation])

function withoutRefusals(operations: readonly LockOperation[], isUnexplained: IsUnexplained): readonly LockOperation[] {
  const granted = operations.filter(({ answer }) => answer !== 'contended')
  return granted.length < operations.length && isUnexplained(granted) ? granted : operations
}

/** Leaves out as many of the parts as it can, many at a time while that goes well, until none of them can be. */
function fewest(operations: readonly LockOperation[], parts: Parts, isUnexplained: IsUnexplained): LockOperation[] {
  let kept = [...operations]
  const tryWithout = (some: readonly (readonly LockOperation[])[]): void => {
    if (some.length === 0) return
    const gone = new Set(some.flat())
    const rest = kept.filter((operation) => !gone.has(operation))
    if (isUnexplained(rest)) kept = rest
    else if (some.length > 1) {
      const half = some.length >> 1
      tryWithout(some.slice(0, half))
      tryWithout(some.slice(half))
    }
  }
  for (let before = Number.POSITIVE_INFINITY; kept.length < before; ) {
    before = kept.length
    tryWithout(parts(kept))
  }
  return kept
}

/** It prolongs nothing beyond what is known anyway, so that nothing later hangs on it. */
const isIdleRenewal = (operation: LockOperation): boolean => operation.type === 'renew' && operation.ttl === undefined

/** All that was asked for each claim, but for those that may have been in the way when another was refused. */
function claimsThatExplainNothing(operations: readonly LockOperation[]): LockOperation[][] {
  const refused = operations.filter(({ answer }) => answer === 'contended')
  const first = refused.reduce(
    (least, { called }) => (least === undefined || called < least ? called : least),
    refused[0]?.called,
  )
  const claims = new Map<string, LockOperation[]>()
  for (const operation of operations) {
    if (operation.type === 'clear') continue
    claims.set(operation.holder, [...(claims.get(operation.holder) ?? []), operation])
  }
  return [...claims.values()].filter((claim) => first === undefined || isOverBy(claim, first))
}

/** It was given back before, and nothing that was asked for it can take effect later. */
const isOverBy = (claim: readonly LockOperation[], at: bigint): boolean =>
  claim.every(({ answer, returned }) => answer !== 'unknown' && returned !== undefined && returned < at) &&
  claim.some(({ answer }) => answer === 'released')
