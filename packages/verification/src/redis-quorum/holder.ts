// A process that holds locks for the conformance suite, to be frozen and killed. Arguments: the addresses of the servers.
import { serveHolder } from '@leasehold/core/conformance'
import { openQuorum } from './client.ts'

serveHolder(openQuorum(process.argv.slice(2), 'holder'))
