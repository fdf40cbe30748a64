import type { Reporter, TestModule, Vitest } from 'vitest/node'

/** Fails a run in which some project of the repository passed without a single test. */
export default class EveryProjectTests implements Reporter {
  #projects: readonly string[] = []

  onInit(vitest: Vitest): void {
    this.#projects = vitest.projects.map((project) => project.name)
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const passed = modules.filter((module) => [...module.children.allTests('passed')].length > 0)
    const tested = new Set(passed.map((module) => module.project.name))
    const untested = this.#projects.filter((name) => !tested.has(name))
    if (untested.length === 0) return
    console.error(`No test passed in ${untested.join(', ')}`)
    process.exitCode = 1
  }
}
