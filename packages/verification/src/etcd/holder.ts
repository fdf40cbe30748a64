// A process that holds locks for the conformance suite, to be frozen and killed. Arguments: the addresses of its members.
import { serveHolder } from '@leasehold/core/conformance'
import { openEtcd } from './client.ts'

serveHolder(openEtcd(process.argv.slice(2)))
