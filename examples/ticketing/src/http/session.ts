import { randomBytes } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'

const COOKIE = 'session'

export interface WithSession {
  readonly Variables: { readonly session: string }
}

/** Who this visitor is: an unguessable name that scripts cannot read and other sites cannot send. */
export const session: MiddlewareHandler<WithSession> = async (context, next) => {
  const known = getCookie(context, COOKIE)
  if (known !== undefined && /^[0-9a-f]{32}$/.test(known)) {
    context.set('session', known)
  } else {
    const fresh = randomBytes(16).toString('hex')
    context.set('session', fresh)
    setCookie(context, COOKIE, fresh, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 24 * 60 * 60 })
  }
  await next()
}
