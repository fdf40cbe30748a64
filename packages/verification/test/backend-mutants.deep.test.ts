import { backendMutants } from '../src/mutants/backend-mutants.ts'
import { describeMutants } from './mutants.ts'

describeMutants('broken backends', backendMutants)
