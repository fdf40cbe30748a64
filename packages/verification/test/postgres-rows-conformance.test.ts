import { startPostgresRows } from '../src/postgres/target.ts'
import { itPassesTheSuite } from './suite.ts'

// Rows promise no order among processes, no two keys share a row, and rows outlive the connection.
itPassesTheSuite(await startPostgresRows(), ['fifo', 'collidingKeys', 'tellsLosses'])
