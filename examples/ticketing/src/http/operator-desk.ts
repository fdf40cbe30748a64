import { createHash, timingSafeEqual } from 'node:crypto'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { forceRelease } from '../back-office/force-release.ts'
import { holdsNow } from '../back-office/holds-now.ts'
import type { BoxOffice } from '../checkout/box-office.ts'
import { Refusal } from '../checkout/refusal.ts'
import { holdIn, reasonIn } from './requests.ts'

/** Who holds what, and the power to end it. The key comes in a header of its own: no page of another site can make a browser send it. */
export function operatorDesk(office: BoxOffice, key: string): Hono {
  const desk = new Hono()
  desk.use('*', operatorOnly(key))
  desk.get('/holds', async (context) =>
    context.json({ node: office.node, strategy: office.strategy.name, holds: await holdsNow(office) }),
  )
  desk.post('/holds/:id/release', async (context: Context) => {
    await forceRelease(office, holdIn(context), await reasonIn(context))
    return context.json({ released: true })
  })
  return desk
}

function operatorOnly(key: string): MiddlewareHandler {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return async (context, next) => {
    const given = context.req.header('x-operator-key') ?? ''
    if (!timingSafeEqual(digest(given), digest(key))) {
      throw new Refusal(403, 'not-the-operator', 'This is for the operator alone.')
    }
    await next()
  }
}
