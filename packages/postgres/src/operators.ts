import type { LockBackend } from '@leasehold/core'
import { isTrue, numberOf } from './answers.ts'
import { type Calls, inspectionOf } from './calls.ts'

/** What operators ask and do, and what holders show them. */
export function operators({
  table,
  value,
}: Calls): Required<Pick<LockBackend, 'inspect' | 'list' | 'annotate' | 'forceRelease'>> {
  return {
    async inspect(key) {
      return (await table('inspect_holds($1)', key)).map(inspectionOf)
    },
    async list(prefix, limit) {
      const rows = await table('list_holds($1, $2)', prefix, limit)
      return rows.map((row) => ({ ...inspectionOf(row), key: String(row['key']) }))
    },
    async annotate({ key, holder }, metadata) {
      return isTrue(await value('annotate($1, $2, $3)', key, holder, metadata))
    },
    async forceRelease(key, reason) {
      return numberOf(await value('force_release($1, $2)', key, reason))
    },
  }
}
