import { type ConformanceCase, conformanceCases } from '@leasehold/core/conformance'

export function caseThat(id: string): ConformanceCase {
  const found = conformanceCases.find((testCase) => testCase.id === id)
  if (found === undefined) throw new Error(`there is no case ${id}`)
  return found
}
