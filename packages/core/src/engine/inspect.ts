import type { Inspection } from '../contract.ts'
import type { LockHall } from './hall.ts'
import { ask } from './requests.ts'

/** The present hold of the key, whoever has it. */
export async function inspect<T>(hall: LockHall, key: string, read: (found: Inspection | null) => T): Promise<T> {
  const { bench } = hall
  const { backend, options } = bench
  if (!backend.inspect) throw bench.unsupported('inspect')
  /** The server need not know yet that the hold was passed on in this process. */
  const withOwn = (found: Inspection | null = null) => {
    const { isPassedOn, fencingToken = 0n } = hall.valid(key) ?? {}
    return found && isPassedOn && fencingToken > found.fencingToken ? { ...found, fencingToken } : found
  }
  const { answer } = await ask(bench, {
    what: 'inspect',
    claims: [{ key, holder: '' }],
    timeoutMs: options.requestTimeoutMs,
    send: async () => read(withOwn(await backend.inspect?.(key))),
  })
  return answer
}
