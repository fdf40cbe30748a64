/**
 * What is known of a session's `idle_session_timeout`, in milliseconds; 0: none. A statement may rely on it only where it was set, and said so, by
 * one that nothing follows that sets another: what is under way may still take effect, or fail.
 */
export class IdleTimeout {
  /** The last that was asked for. */
  askedMs = 0
  #knownMs: number | undefined = 0
  #changes = 0

  /** Whether this one will be in force for what is sent next. */
  is(timeoutMs: number): boolean {
    return this.#knownMs === timeoutMs
  }

  /** A statement that sets it is about to be sent. The result is to be called when the server has said that it did. */
  ask(timeoutMs: number): () => void {
    if (timeoutMs !== this.askedMs) {
      this.askedMs = timeoutMs
      this.#knownMs = undefined
      this.#changes += 1
    }
    const change = this.#changes
    return () => {
      if (change === this.#changes) this.#knownMs = timeoutMs
    }
  }
}
