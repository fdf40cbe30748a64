import { isRolledBack } from './refusals.ts'

/** How often a statement is asked in all that the server has rolled back. */
const MOST_ATTEMPTS = 5

/** Asks until the server does not roll it back, as long as somebody wants to know. No other failure is repeated: the statement may have taken effect. */
export async function unlessRolledBack<Answer>(
  ask: () => PromiseLike<Answer>,
  isWanted: () => boolean = () => true,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!isWanted() || !isRolledBack(error) || attempt === MOST_ATTEMPTS) throw error
    }
  }
}
