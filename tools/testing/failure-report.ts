import type { SerializedError } from 'vitest/node'
import { root } from '../workspace.ts'

const insideNode = /node:internal|node_modules/

/** The errors of a test with what was expected, where in this repository it was, and what caused them. */
export const reportOf = (errors: readonly SerializedError[]): string => errors.map(describe).join('\n')

function describe(error: SerializedError): string {
  const places = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !insideNode.test(line))
    .map((line) => line.trim().replaceAll(`file://${root}`, '').replaceAll(root, ''))
  const cause = error.cause === undefined ? [] : [`caused by ${describe(error.cause)}`]
  const difference = typeof error['diff'] === 'string' ? [error['diff']] : []
  return [`${error.name}: ${error.message}`, ...difference, ...places.slice(0, 8), ...cause].join('\n')
}
