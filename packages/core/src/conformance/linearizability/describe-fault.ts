import type { Fault } from './find-faults.ts'
import type { LockOperation } from './operation.ts'
import { line } from './sentences.ts'
import { Times, type TimesOptions } from './times.ts'

/** The fault in lines of text: what is wrong, and the window, an operation a line, with its times in milliseconds. The two that cannot both be are marked. */
export function describeFault(fault: Fault, options: TimesOptions = {}): string {
  const { refused, beside, text } = fault
  const times = new Times(fault.window, options)
  const lines = times.operations.map((operation) => {
    const mark = operation === refused || operation === beside ? '>' : ' '
    return `${mark} ${span(operation, times).padStart(24)}  ${line(operation)}${validity(operation, times)}`
  })
  return [text, ...lines].join('\n')
}

const span = ({ called, returned }: LockOperation, times: Times): string =>
  `${times.told(called)} .. ${returned === undefined ? '?' : times.told(returned)}`

const validity = (operation: LockOperation, times: Times): string =>
  'validUntil' in operation && operation.validUntil !== undefined
    ? `, valid until ${times.told(operation.validUntil)}`
    : ''
