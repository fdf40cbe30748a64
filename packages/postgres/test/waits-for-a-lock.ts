// A process that waits for an advisory lock, to be frozen; tells the token when it holds it. Arguments: address, schema, key.
import { createLocks } from '@leasehold/core'
import { postgresAdvisoryBackend } from '../src/index.ts'

const [, , url = '', schema = '', key = ''] = process.argv

process.once('disconnect', () => process.exit())
const connection = { connectionString: url, application_name: 'frozen waiter' }
const locks = createLocks(postgresAdvisoryBackend({ connection, schema }), { pollMs: 100 })
const lease = await locks.named(key).acquire({ ttlMs: 60_000 })
lease.assertHeld()
process.send?.(String(lease.fencingToken))
