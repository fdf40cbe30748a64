import type { LockEvent } from '../events.ts'
import { inNoContext } from '../no-context.ts'
import { redact } from './redaction.ts'

/** The one door to the user's `onEvent`. What it throws changes nothing here. */
export class Observer {
  readonly #onEvent: ((event: LockEvent) => unknown) | undefined

  constructor(onEvent: ((event: LockEvent) => unknown) | undefined) {
    this.#onEvent = onEvent
  }

  tell(event: LockEvent): void {
    const onEvent = this.#onEvent
    if (!onEvent) return
    new Promise<unknown>((told) => told(inNoContext(() => onEvent(event)))).catch((error) =>
      process.emitWarning(`onEvent threw: ${redact(error).message}`),
    )
  }
}
