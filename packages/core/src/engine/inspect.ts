import type { Inspection } from '../contract.ts'
import type { LockHall } from './hall.ts'
import { ask } from './requests.ts'

/** The present hold of the key, whoever has it. */
export async function inspect<T>({ bench }: LockHall, key: string, read: (found: Inspection | null) => T): Promise<T> {
  const { backend, options } = bench
  if (!backend.inspect) throw bench.unsupported('inspect')
  const { answer } = await ask(bench, {
    what: 'inspect',
    claims: [{ key, holder: '' }],
    timeoutMs: options.requestTimeoutMs,
    send: async () => read((await backend.inspect?.(key)) ?? null),
  })
  return answer
}
