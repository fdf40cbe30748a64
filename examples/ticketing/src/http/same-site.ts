import type { MiddlewareHandler } from 'hono'
import { Refusal } from '../checkout/refusal.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Refuses changes that another site's page asks a visitor's browser for. Programs send neither header, and no cookie by accident. */
export const sameSiteOnly: MiddlewareHandler = async (context, next) => {
  if (!SAFE.has(context.req.method) && isFromElsewhere(context.req.raw.headers)) {
    throw new Refusal(403, 'cross-site', 'This request comes from another site.')
  }
  await next()
}

function isFromElsewhere(headers: Headers): boolean {
  const fetchSite = headers.get('sec-fetch-site')
  if (fetchSite !== null) return fetchSite !== 'same-origin'
  const origin = headers.get('origin')
  return origin !== null && hostOf(origin) !== headers.get('host')
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
