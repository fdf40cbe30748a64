import { startPostgresRows } from '../src/postgres/target.ts'
import { itPassesTheSuite } from './suite.ts'

// No two keys share a row, and rows outlive the connection. Who watches looks again now and then: nothing is told while nobody waits.
itPassesTheSuite(await startPostgresRows(), ['collidingKeys', 'tellsLosses', 'selfPolling', 'watch'])
