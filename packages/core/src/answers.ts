import type { Contended, Grant, Renewal } from './contract.ts'

// A backend's answers decide about safety: one that is not of the contract's shape counts as no answer.

export function checkedAnswer(answer: Grant | Contended): Grant | Contended {
  return answer.granted ? checkedGrant(answer) : answer
}

export function checkedTurn(grant: Grant | undefined): Grant | undefined {
  return grant && checkedGrant(grant)
}

export function checkedGrants(
  answer: readonly Grant[] | Contended | undefined,
  length: number,
): readonly Grant[] | Contended {
  if (answer === undefined) throw new Error('the backend has no tryAcquireAll')
  if (!isGrants(answer)) return answer
  if (answer.length !== length)
    throw new Error(`tryAcquireAll must grant each of ${length} claims; got ${answer.length}`)
  return answer.map(checkedGrant)
}

export function checkedRenewals(answers: readonly Renewal[], length: number): readonly Renewal[] {
  if (answers.length !== length) throw new Error(`renew must answer each of ${length} claims; got ${answers.length}`)
  return answers.map((answer) => (typeof answer === 'string' ? answer : checkedGrant(answer)))
}

export const isGrants = (answer: readonly Grant[] | Contended): answer is readonly Grant[] => Array.isArray(answer)

function checkedGrant(grant: Grant): Grant {
  if (typeof grant.fencingToken === 'bigint' && grant.ttlMs > 0 && Number.isFinite(grant.ttlMs)) return grant
  throw new Error('a grant must carry a bigint fencingToken and a positive, finite ttlMs')
}
