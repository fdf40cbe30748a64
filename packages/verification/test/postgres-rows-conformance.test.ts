import { startPostgresRows } from '../src/postgres/target.ts'
import { itPassesTheSuite } from './suite.ts'

// Rows promise no order among processes, no two keys share a row, and rows outlive the connection. Holds are released one by one.
itPassesTheSuite(await startPostgresRows(), ['fifo', 'collidingKeys', 'tellsLosses', 'releaseAll'])
