import type { Advice } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import type { LockEvent } from '../events.ts'
import { inNoContext } from '../no-context.ts'
import type { EngineOptions } from './options.ts'
import { redact } from './redaction.ts'

/** The one door to the user's callbacks. What they throw changes nothing here. */
export class Observer {
  readonly #options: Pick<EngineOptions, 'onEvent' | 'onAdvice'>

  constructor(options: Pick<EngineOptions, 'onEvent' | 'onAdvice'>) {
    this.#options = options
  }

  /** Otherwise nothing need be computed for it. */
  get listens(): boolean {
    return !!this.#options.onEvent
  }

  tell(event: LockEvent): void {
    const { onEvent } = this.#options
    if (onEvent) call(() => onEvent(event))
  }

  failed(operation: Extract<LockEvent, { operation: unknown }>['operation'], key: string, error: LeaseholdError): void {
    this.tell({ type: 'backend-error', operation, key, error })
  }

  /** Where nobody listens, what costs locks must not go unheard. */
  advise(advice: Advice): void {
    const { onAdvice } = this.#options
    const { code, message, costsLocks } = advice
    if (onAdvice) call(() => onAdvice(advice))
    else if (costsLocks) process.emitWarning(message, { type: 'LeaseholdWarning', code })
  }
}

const call = (callback: () => unknown): void =>
  void new Promise<unknown>((told) => told(inNoContext(callback))).catch((error) =>
    process.emitWarning(`an observer threw: ${redact(error).message}`),
  )
