import type { Refusal } from './model.ts'
import type { LockOperation } from './operation.ts'

/** What is wrong, without the key. */
export function sentence({ fault, step, beside }: Refusal): string {
  const it = nameOf(step.source)
  const other = beside === undefined || beside.source === step.source ? undefined : held(beside.source)
  switch (fault) {
    case 'two-holders':
      return `${it} ${wasGranted(step.source)}, while ${other} had the key`
    case 'token-not-greater':
      return `${it} ${wasGranted(step.source)}, after ${other} had been granted the key`
    case 'token-changed':
      return `${it} was told ${what(step.source)}, and had been granted the key as ${other}`
    case 'wrong-slots':
      return `${it} was granted ${what(step.source)}, which is not what it asked for`
    case 'renewed-without-hold':
      return `${it} was renewed and had no hold${other === undefined ? '' : `; the last to be granted the key was ${other}`}`
    case 'released-without-hold':
      return `a release by ${it} ended a hold, and it had none${other === undefined ? '' : `; the last to be granted the key was ${other}`}`
    case 'gone-while-held':
      return `${it} was told that it is gone, and still had the key`
    case 'not-held-while-held':
      return `a release by ${it} ended nothing, and it still had the key`
    case 'refused-while-free':
      return other === undefined
        ? `${it} was refused, and nobody was in the way`
        : `${it} was refused, and had the key itself`
  }
}

const wasGranted = (operation: LockOperation): string =>
  typeof operation.answer === 'object'
    ? `was granted ${what(operation)}`
    : 'was granted the key, as a later answer tells'

const nameOf = (operation: LockOperation): string => (operation.type === 'clear' ? operation.process : operation.holder)

const held = (operation: LockOperation): string => `${nameOf(operation)} (${what(operation)})`

/** Under which token, and which slots, if anybody was told. */
export function what({ answer }: LockOperation): string {
  if (typeof answer !== 'object') return answer === 'unknown' ? 'no answer' : answer
  const { fencingToken, slots = [] } = answer
  return `token ${fencingToken}${slots.length === 0 ? '' : `, slots ${slots.join(' and ')}`}`
}

/** Of a whole line: who asked what and was answered what. */
export function line(operation: LockOperation): string {
  const { process, type } = operation
  const whose = operation.type === 'clear' || operation.holder === process ? '' : ` ${operation.holder}`
  return `${process}${whose}: ${type}${shareOf(operation)} -> ${what(operation)}`
}

function shareOf(operation: LockOperation): string {
  if (operation.type !== 'acquire' || operation.share === undefined) return ''
  const { share } = operation
  return share.kind === 'shared' ? ' to share' : ` ${share.take} of ${share.of} permits`
}
