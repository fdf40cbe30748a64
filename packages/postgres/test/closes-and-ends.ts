// A process that holds an advisory lock, waits for another one in vain, closes its locks, and has nothing else to do. Arguments: address, schema.
import { createLocks } from '@leasehold/core'
import { postgresAdvisory } from '../src/index.ts'

const [, , url = '', schema = ''] = process.argv

const open = () => createLocks(postgresAdvisory({ connection: url, schema }))
const [one, other] = [open(), open()]
await one.lock(`closes ${process.pid}`).acquire()
await other
  .lock(`closes ${process.pid}`)
  .acquire({ waitMs: 50 })
  .catch(() => {})
const { unreleased } = await other.close()
const { released, interrupted } = await one.close()
process.stdout.write(JSON.stringify({ released, interrupted, unreleased }))
