// A process that holds locks for the conformance suite, to be frozen and killed. Argument: the address of the server.
import { serveHolder } from '@leasehold/core/conformance'
import { openRows } from './client.ts'

serveHolder(openRows(process.argv[2] ?? '', 'holder'))
