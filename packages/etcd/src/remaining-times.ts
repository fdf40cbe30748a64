import type { EtcdConnection } from './connection.ts'

/** How long etcd leases last that may be of another process. Each is asked for once, however many claims hang on it. */
export class RemainingTimes {
  readonly #connection: EtcdConnection
  readonly #asked = new Map<string, Promise<number>>()

  constructor(connection: EtcdConnection) {
    this.#connection = connection
  }

  /** Whole seconds, in milliseconds; negative where it is gone. */
  of(leaseId: string): Promise<number> {
    const asked =
      this.#asked.get(leaseId) ?? this.#connection.remainingSeconds(leaseId).then((seconds) => seconds * 1000)
    this.#asked.set(leaseId, asked)
    return asked
  }
}
