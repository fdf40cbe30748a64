import { relative, sep } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { root } from '../workspace.ts'
import { rememberedTimes } from './remembered-times.ts'

/** Of those that take less, several follow each other in one process, where their package allows that. */
const SHORT_SECONDS = 10
const UNKNOWN_SECONDS = 600

/**
 * The long ones begin, so that no lonely one is left for the end: those of the package that has most left to do, so that those of several packages run side by side, of which some work while others wait.
 * What nobody knows may be long. The short ones come package by package: a process is used again by the next file alone, if that is of the same package.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const times = rememberedTimes()
    const seconds = ({ moduleId }: TestSpecification): number =>
      times[relative(root, moduleId).split(sep).join('/')] ?? UNKNOWN_SECONDS
    const packages = [...new Set(specifications.map(({ project }) => project))].map((project) =>
      specifications.filter((file) => file.project === project).sort((one, other) => seconds(other) - seconds(one)),
    )
    const total = (files: readonly TestSpecification[]) => files.reduce((sum, file) => sum + seconds(file), 0)
    const isLong = (file: TestSpecification) => seconds(file) >= SHORT_SECONDS
    const short = packages
      .map((files) => files.filter((file) => !isLong(file)))
      .sort((one, other) => total(other) - total(one))
    const long = packages.map((files) => files.filter(isLong))
    const order: TestSpecification[] = []
    while (long.some((files) => files.length > 0)) {
      const [most = []] = long.toSorted((one, other) => total(other) - total(one))
      order.push(...most.splice(0, 1))
    }
    return [...order, ...short.flat()]
  }
}
