export {
  type RegisterOptions,
  registerConformance,
  type TestContext,
  type TestOptions,
  type TestRunner,
} from './adapter.ts'
export type { ConformanceCase, Group } from './case.ts'
export { conformanceCases } from './cases.ts'
export { checkHistory, type HistoryEvent } from './history.ts'
export { describeFault } from './linearizability/describe-fault.ts'
export { drawFault } from './linearizability/draw-fault.ts'
export { type Fault, type SearchResult, searchHistory } from './linearizability/find-faults.ts'
export { operationsOf } from './linearizability/from-events.ts'
export type { FaultKind } from './linearizability/model.ts'
export type {
  AcquireOperation,
  ClearOperation,
  HoldTold,
  LockOperation,
  ReleaseOperation,
  RenewOperation,
  SearchOptions,
} from './linearizability/operation.ts'
export type { TimesOptions } from './linearizability/times.ts'
export type { Need } from './needs.ts'
export type { Outcome } from './outcome.ts'
export { runCase } from './run-case.ts'
export { type ConformanceReport, type RunOptions, runConformance } from './runner.ts'
export { serveHolder } from './serve-holder.ts'
export type {
  ConformanceTarget,
  FaultHooks,
  ForgetfulClient,
  HolderProgram,
  Link,
  LinkedClient,
  SuiteTime,
} from './target.ts'
export { realTime, virtualTime } from './time.ts'
export type { Trial } from './trial.ts'
