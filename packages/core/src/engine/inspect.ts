import type { Json, LockInspection } from '../api.ts'
import type { Inspection } from '../contract.ts'
import { unsupported } from './bench.ts'
import type { Hold } from './hold.ts'
import type { HallOfHolds } from './hold-keeper.ts'
import { ask } from './requests.ts'

/** The present holds of the key, whoever has them. */
export async function inspect<T>(
  hall: HallOfHolds<Hold>,
  key: string,
  read: (found: readonly Inspection[]) => T,
): Promise<T> {
  const { backend } = hall
  if (!backend.inspect) throw unsupported(hall, 'inspect')
  /** The server need not know yet that the hold was passed on in this process. */
  const withOwn = (found: Inspection) => {
    const own = hall.validAt(key).find(({ isPassedOn, slots }) => isPassedOn && slots[0] === found.slots?.[0])
    const { fencingToken } = own ?? found
    return fencingToken > found.fencingToken ? { ...found, fencingToken } : found
  }
  const { answer } = await ask(hall, {
    what: 'inspect',
    claims: [{ key }],
    send: async () => read(((await backend.inspect?.(key)) ?? []).map(withOwn)),
  })
  return answer
}

/** As users see it. */
export const shown = <Held extends Inspection>(hold: Held): Omit<Held, 'metadata'> & LockInspection => ({
  ...hold,
  metadata: hold.metadata === undefined ? undefined : (JSON.parse(hold.metadata) as Json),
})
