import { relative, sep } from 'node:path'
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node'
import { root } from '../workspace.ts'
import type { Counts } from './counts.ts'
import { reportOf } from './failure-report.ts'
import type { TestEvent, TestName } from './test-events.ts'

const fileOf = ({ moduleId }: TestModule): string => relative(root, moduleId).split(sep).join('/')

const nameOf = (test: TestCase | TestSuite): TestName =>
  test.parent.type === 'suite' ? [...nameOf(test.parent), test.name] : [test.name]

const tell = (event: TestEvent): void => void process.send?.(event)

/** Tells what happens as it happens: the process that started this one shows it, together with what else runs. */
export default class TellParent implements Reporter {
  onTestModuleQueued(module: TestModule): void {
    tell({ type: 'started', file: fileOf(module) })
  }

  onTestModuleCollected(module: TestModule): void {
    tell({ type: 'collected', file: fileOf(module), tests: [...module.children.allTests()].length })
  }

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result()
    const file = fileOf(test.module)
    if (state !== 'pending') tell({ type: 'tested', file, state })
    if (state === 'failed') tell({ type: 'failed', file, test: nameOf(test), report: reportOf(errors ?? []) })
  }

  onTestModuleEnd(module: TestModule): void {
    const file = fileOf(module)
    const errors = module.errors()
    if (errors.length > 0) tell({ type: 'failed', file, test: undefined, report: reportOf(errors) })
    tell({ type: 'ended', file, counts: countsOf(module) })
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    if (unhandled.length > 0)
      tell({ type: 'failed', file: 'no test in particular', test: undefined, report: reportOf(unhandled) })
  }
}

/** A file that fails by itself counts as one test that failed. */
const countsOf = (module: TestModule): Counts => ({
  passed: [...module.children.allTests('passed')].length,
  failed: [...module.children.allTests('failed')].length + (module.errors().length > 0 ? 1 : 0),
  skipped: [...module.children.allTests('skipped')].length,
})
