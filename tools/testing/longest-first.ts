import { relative, sep } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { root } from '../workspace.ts'
import { rememberedTimes } from './remembered-times.ts'

/** Of those that take less, several follow each other in one process, where their package allows that. */
const SHORT_SECONDS = 10

/**
 * The longest file of all packages begins, so that no lonely one is left for the end. What nobody knows may be long. The short ones come
 * package by package, the one with most to do first: a process is used again by the next file alone, if that is of the same package.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const times = rememberedTimes()
    const seconds = ({ moduleId }: TestSpecification): number =>
      times[relative(root, moduleId).split(sep).join('/')] ?? Number.MAX_VALUE
    const sorted = [...specifications].sort((one, other) => Math.sign(seconds(other) - seconds(one)))
    const short = sorted.filter((file) => seconds(file) < SHORT_SECONDS)
    const total = (files: readonly TestSpecification[]) => files.reduce((sum, file) => sum + seconds(file), 0)
    const together = [...new Set(short.map(({ project }) => project))]
      .map((its) => short.filter(({ project }) => project === its))
      .sort((one, other) => total(other) - total(one))
    return [...sorted.filter((file) => !short.includes(file)), ...together.flat()]
  }
}
