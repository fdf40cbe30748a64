import { engineMutants } from '../src/mutants/engine-mutants.ts'
import { describeMutants } from './mutants.ts'

describeMutants('broken policies of the engine', engineMutants)
