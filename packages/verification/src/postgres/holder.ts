// A process that holds locks for the conformance suite, to be frozen and killed. Arguments: the strategy, the address for it, and the server's own.
import { serveHolder } from '@leasehold/core/conformance'
import { openAdvisory, openPostgresJs, openRows } from './client.ts'

const [, , strategy, url = '', listenUrl = ''] = process.argv

const openBy = strategy === 'postgres-js' ? openPostgresJs : openRows

serveHolder(strategy === 'advisory' ? openAdvisory(url, 'holder') : openBy({ poolUrl: url, listenUrl, name: 'holder' }))
