import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Names what failed, with its first words, as the last thing printed: the end of a long log is what is kept, and read. */
export default class LastWords implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const module of modules) {
      const place = `${module.project.name}/${module.relativeModuleId}`
      for (const error of module.errors()) say(place, error)
      for (const test of module.children.allTests('failed'))
        say(`${place} > ${test.fullName}`, test.result().errors?.[0])
    }
    for (const error of unhandled) say('nobody listened', error)
  }
}

const say = (place: string, error: { readonly message: string } | undefined): void =>
  console.error(`failed: ${place}: ${error?.message.split('\n')[0]}`)
