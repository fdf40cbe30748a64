import { engineMutants } from '../src/mutants/engine-mutants.ts'
import { describeMutants, describeNames, oneIn } from './mutants.ts'

// `engine-mutants.deep.test.ts` tries all of them.

describeNames('broken policies of the engine', engineMutants)
describeMutants('one in four of the broken policies of the engine', oneIn(4, engineMutants))
