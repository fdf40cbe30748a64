import { backendMutants } from '../src/mutants/backend-mutants.ts'
import { describeMutants, describeNames, oneIn } from './mutants.ts'

// `backend-mutants.deep.test.ts` tries all of them.

describeNames('broken backends', backendMutants)
describeMutants('one in four of the broken backends', oneIn(4, backendMutants))
