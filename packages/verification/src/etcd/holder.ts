// A process that holds locks for the conformance suite, to be frozen and killed. Argument: the address of the server.
import { serveHolder } from '@leasehold/core/conformance'
import { openEtcd } from './client.ts'

serveHolder(openEtcd(process.argv[2] ?? ''))
