import type { Advice } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import type { LockEvent } from '../events.ts'
import { inNoContext } from '../no-context.ts'
import type { Bench } from './bench.ts'
import { redact } from './redaction.ts'

// The one door to the user's callbacks. What they throw changes nothing here.

export function tell({ options: { onEvent } }: Bench, event: LockEvent): void {
  if (onEvent) call(() => onEvent(event))
}

type Operation = Extract<LockEvent, { readonly operation: unknown }>['operation']

export const tellFailure = (bench: Bench, operation: Operation, key: string, error: LeaseholdError): void =>
  tell(bench, { type: 'backend-error', operation, key, error })

/** Where nobody listens, what costs locks must not go unheard. */
export function advise({ options: { onAdvice } }: Bench, advice: Advice): void {
  const { code, message, costsLocks } = advice
  if (onAdvice) call(() => onAdvice(advice))
  else if (costsLocks) process.emitWarning(message, { type: 'LeaseholdWarning', code })
}

const call = (callback: () => unknown): void =>
  void new Promise<unknown>((told) => told(inNoContext(callback))).catch((error) =>
    process.emitWarning(`an observer threw: ${redact(error).message}`),
  )
