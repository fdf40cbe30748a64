import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Keys that are not compared byte for byte. */
export const keyMutants = all

const backend = inFile('memory/backend.ts')
const grantsFromTheStore = 'tryAcquire: async (claim, terms) => store.tryAcquire(claim, terms),'
const releasesFromTheStore = 'release: async (claim) => store.release(claim),'

const keyed = (alter: string) => [
  backend(
    grantsFromTheStore,
    `tryAcquire: async (claim, terms) => store.tryAcquire({ ...claim, key: ${alter} }, terms),`,
  ),
  backend(releasesFromTheStore, `release: async (claim) => store.release({ ...claim, key: ${alter} }),`),
]

add(
  'keys-normalised',
  'keys are brought to one normal form',
  'input/no-normalisation',
  ...keyed('claim.key.normalize()'),
)

add('keys-folded', 'keys are compared without case', 'input/no-folding', ...keyed('claim.key.toLowerCase()'))

add('keys-trimmed', 'keys lose the white space around them', 'input/no-folding', ...keyed('claim.key.trim()'))

add('keys-cut', 'keys are cut to 255 characters', 'input/longest-key', ...keyed('claim.key.slice(0, 255)'))

add(
  'keys-globbed',
  'a star in a key stands for anything',
  'input/no-injection',
  ...keyed(`claim.key.replaceAll('*', '?')`),
)

add(
  'keys-tagged',
  'of a key only what stands in braces counts',
  'input/no-injection',
  ...keyed(`claim.key.replace(/^.*\\{(.+)\\}.*$/, '$1')`),
)
