import { serveStatic } from '@hono/node-server/serve-static'
import { isLeaseholdError } from '@leasehold/core'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import type { BoxOffice } from '../checkout/box-office.ts'
import { confirm } from '../checkout/confirm.ts'
import { giveUp } from '../checkout/end.ts'
import { hold } from '../checkout/hold.ts'
import { ownHold } from '../checkout/hold-record.ts'
import { pay } from '../checkout/pay.ts'
import { Refusal } from '../checkout/refusal.ts'
import type { SeatBoard } from '../live/seat-board.ts'
import { liveSeats } from './live-seats.ts'
import { holdIn, paymentIn, seatsIn } from './requests.ts'
import { sameSiteOnly } from './same-site.ts'
import { session, type WithSession } from './session.ts'

const PUBLIC = new URL('../../public', import.meta.url).pathname
const MAX_BODY_BYTES = 16 * 1024

/** The box office over HTTP. Each handler parses, calls one function of the checkout, and shows the hold as it is then. */
export function createApp(office: BoxOffice, board: SeatBoard): Hono<WithSession> {
  const app = new Hono<WithSession>()
  app.use(
    secureHeaders({
      strictTransportSecurity: false,
      contentSecurityPolicy: { defaultSrc: ["'self'"], frameAncestors: ["'none'"] },
    }),
  )
  app.use('/api/*', session, sameSiteOnly, bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }))

  app.get('/api/auditorium', (context) => context.json(office.auditorium.plan))
  app.get('/api/live', liveSeats(board))

  app.post('/api/holds', async (context) => {
    const id = await hold(office, context.var.session, await seatsIn(context))
    return showHold(context, id, 201)
  })
  app.get('/api/holds/:id', (context) => showHold(context, holdIn(context)))
  app.post('/api/holds/:id/payment', async (context) => {
    const id = holdIn(context)
    await pay(office, context.var.session, id, await paymentIn(context))
    return showHold(context, id)
  })
  app.post('/api/holds/:id/confirmation', async (context) => {
    const id = holdIn(context)
    await confirm(office, context.var.session, id)
    return showHold(context, id)
  })
  app.delete('/api/holds/:id', async (context) => {
    const id = holdIn(context)
    await giveUp(office, context.var.session, id)
    return showHold(context, id)
  })

  /** What the visitor may know of his own hold. Never the handles: whoever has one can end the lease. */
  async function showHold(context: Context<WithSession>, id: string, status: 200 | 201 = 200): Promise<Response> {
    const record = await ownHold(office.db, context.var.session, id)
    const { handles: _secret, hold: _id, ...view } = record
    return context.json(view, status)
  }

  app.use('*', serveStatic({ root: PUBLIC }))
  app.notFound((context) => context.json({ error: 'not-found', message: 'There is nothing here.' }, 404))
  app.onError(showError)
  return app
}

function tooLarge(context: Context): Response {
  return context.json({ error: 'too-large', message: 'This request is too large.' }, 413)
}

function showError(error: Error, context: Context): Response {
  if (error instanceof Refusal) return context.json({ error: error.code, message: error.message }, error.status)
  if (isLeaseholdError(error) && error.code === 'BACKEND_UNAVAILABLE') {
    return context.json(
      { error: 'try-again', message: 'The seats could not be reached. Nothing is lost: try again.' },
      503,
    )
  }
  // The stack alone: what a database error says of its parameters includes sessions.
  console.error(error.stack)
  return context.json({ error: 'internal', message: 'Something went wrong here. Your seats are not affected.' }, 500)
}
