import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'

const COOKIE = 'session'

/** Who this visitor is: an unguessable name that scripts cannot read and other sites cannot send. */
export function sessionOf(context: Context): string {
  const known = getCookie(context, COOKIE)
  if (known !== undefined && /^[0-9a-f]{32}$/.test(known)) return known
  const session = randomBytes(16).toString('hex')
  setCookie(context, COOKIE, session, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 24 * 60 * 60 })
  return session
}
