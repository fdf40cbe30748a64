/**
 * @typedef {object} Hold
 * @property {string} id
 * @property {string[]} seats
 * @property {'open' | 'paying' | 'paid' | 'sold' | 'ended'} state
 * @property {'expired' | 'given-up' | 'declined' | 'stale' | 'taken' | 'forced' | null} endedBecause
 * @property {string | null} endNote
 * @property {string | null} refusedWrite
 * @property {number} amountCents
 * @property {number | null} remainingMs
 * @property {string | null} buyer
 * @property {string | null} cardEnding
 * @property {'asked' | 'taken' | 'refunded' | null} payment
 * @property {number} failedPayments
 */

/** The box office said no, or did not answer. */
export class Refused extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

/** @param {string[]} seats */
export const hold = (seats) => ask('POST', '/api/holds', { body: { seats } })

/**
 * Stands in line for a seat that somebody else holds; answers when it is ours.
 *
 * @param {string} seat
 * @param {AbortSignal} signal
 */
export const wait = (seat, signal) => ask('POST', '/api/waits', { body: { seats: [seat] }, signal })

/** @returns {Promise<Hold[]>} */
export const orders = () => ask('GET', '/api/orders')

/** @param {string} id */
export const look = (id) => ask('GET', `/api/holds/${id}`)

/**
 * @param {string} id
 * @param {string} name
 * @param {string} card
 */
export const pay = (id, name, card) => ask('POST', `/api/holds/${id}/payment`, { body: { name, card } })

/** @param {string} id */
export const confirm = (id) => ask('POST', `/api/holds/${id}/confirmation`)

/** @param {string} id */
export const giveUp = (id) => ask('DELETE', `/api/holds/${id}`)

/**
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} [more]
 * @returns {Promise<any>}
 */
export async function ask(method, path, { body, headers = {}, signal } = {}) {
  const unreachable = () => {
    throw new Refused('unreachable', 'The box office cannot be reached. Nothing is lost: try again.')
  }
  const response = await fetch(path, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch(unreachable)
  // The line may break in the middle of an answer, too.
  const answer = await response.json().catch(unreachable)
  if (!response.ok) throw new Refused(answer.error, answer.message)
  return answer
}
