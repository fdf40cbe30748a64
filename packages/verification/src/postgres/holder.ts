// A process that holds locks for the conformance suite, to be frozen and killed. Arguments: the address for its pool, and the server's own.
import { serveHolder } from '@leasehold/core/conformance'
import { openRows } from './client.ts'

const [, , poolUrl = '', listenUrl = ''] = process.argv

serveHolder(openRows({ poolUrl, listenUrl, name: 'holder' }))
