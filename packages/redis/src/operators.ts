import type { Claim, Inspection, ListedHold } from '@leasehold/core'
import { inspectionsOf } from './answers.ts'
import { allNames, forcedName, holdsPattern, keyNames, keyOfHold } from './key-names.ts'
import type { Reach } from './reach.ts'
import { annotate } from './scripts/annotate.ts'
import { forceRelease } from './scripts/force-release.ts'
import { inspect } from './scripts/inspect.ts'
import { annotateShare } from './scripts/shares/annotate.ts'

/** About how many keys a server looks through in one step, which stops it meanwhile. */
const KEYS_A_STEP = '1000'

/** Looking at holds, and ending those of others. */
export class Operators {
  readonly #reach: Reach
  readonly #namespace: string
  readonly #patienceMs: number

  /** `patienceMs`: after it, nobody waits for a list any more. */
  constructor(reach: Reach, namespace: string, patienceMs: number) {
    this.#reach = reach
    this.#namespace = namespace
    this.#patienceMs = patienceMs
  }

  async inspect(key: string): Promise<Inspection[]> {
    return inspectionsOf(await this.#reach.scripts.run(inspect, [keyNames(this.#namespace, key).hold], []))
  }

  async list(prefix: string, limit: number): Promise<ListedHold[]> {
    const found: ListedHold[] = []
    const seen = new Set<string>()
    const endMs = performance.now() + this.#patienceMs
    const look = async (names: readonly string[]) => {
      const fresh = names.filter((name) => !seen.has(name) && seen.add(name))
      const keys = fresh.flatMap((name) => keyOfHold(this.#namespace, name) ?? [])
      const asked = keys.filter((key) => key.startsWith(prefix))
      await Promise.all(
        asked.map(async (key) => {
          for (const held of await this.inspect(key)) found.push({ ...held, key })
        }),
      )
    }
    const pattern = holdsPattern(this.#namespace, prefix)
    const through = async (server: Awaited<ReturnType<Reach['servers']>>[number]) => {
      let cursor = '0'
      do {
        if (performance.now() > endMs)
          throw new Error(`the server has more keys than can be looked through in ${this.#patienceMs} ms`)
        const answer = await server.ask('SCAN', cursor, 'MATCH', pattern, 'COUNT', KEYS_A_STEP)
        const [next, names] = answer as [string, string[]]
        await look(names)
        cursor = next
      } while (cursor !== '0' && found.length < limit)
    }
    await Promise.all((await this.#reach.servers()).map(through))
    return found.slice(0, limit)
  }

  async annotate({ key, holder, share }: Claim, metadata: string): Promise<boolean> {
    const hold = keyNames(this.#namespace, key).hold
    return (await this.#reach.scripts.run(share ? annotateShare : annotate, [hold], [holder, metadata])) === 1
  }

  async forceRelease(key: string, reason: string): Promise<number> {
    const names = [...allNames(keyNames(this.#namespace, key)), forcedName(this.#namespace, key)]
    return Number(await this.#reach.scripts.run(forceRelease, names, [this.#namespace, reason]))
  }
}
