import type { Claim, Contended, Grant, Inspection, LockBackend, Renewal } from '@leasehold/core'
import { Connection } from './connection.ts'

/** A backend as thin as can be: every operation is one question to the server, and a wait brings a hint to try again. */
export function loopbackBackend(port: number): LockBackend & { connection: Connection } {
  const connection = new Connection(port)
  const ask = async <Answer>(question: Parameters<Connection['ask']>[0]) =>
    (await connection.ask(question).answer) as Answer

  const releaseAll = (claims: readonly Claim[]) => ask<boolean[]>({ op: 'release', claims: claims })

  return {
    connection,
    name: 'loopback',
    capabilities: {
      fifo: true,
      handOff: true,
      survivesRestart: true,
      slackMs: 50,
      minTtlMs: 1,
      shares: ['shared', 'permits'],
    },
    tryAcquire: (claim, terms) => ask<Grant | Contended>({ op: 'tryAcquire', candidate: { ...claim, ...terms } }),
    renew: (renewals) => ask<Renewal[]>({ op: 'renew', renewals }),
    release: async (claim) => (await releaseAll([claim]))[0] === true,
    releaseAll,
    inspect: (key) => ask<readonly Inspection[]>({ op: 'inspect', key }),
    async waitForTurn(claim, terms, signal) {
      signal.throwIfAborted()
      const { id, answer } = connection.ask({ op: 'wait', candidate: { ...claim, ...terms } })
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      await Promise.race([answer, aborted])
      if (signal.aborted) await connection.ask({ op: 'leave', waitId: id }).answer
      // The claim holds the key now. How long it will is told by the attempt that follows.
      return undefined
    },
    close: () => connection.close(),
  }
}
