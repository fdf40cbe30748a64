import { relative, sep } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { root } from '../workspace.ts'
import { rememberedTimes } from './remembered-times.ts'

/** The longest file of all packages begins, so that no lonely one is left for the end. What nobody knows may be long. */
export default class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const times = rememberedTimes()
    const seconds = ({ moduleId }: TestSpecification): number =>
      times[relative(root, moduleId).split(sep).join('/')] ?? Number.MAX_VALUE
    return [...specifications].sort((one, other) => Math.sign(seconds(other) - seconds(one)))
  }
}
