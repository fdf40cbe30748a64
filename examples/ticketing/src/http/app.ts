import { serveStatic } from '@hono/node-server/serve-static'
import { isLeaseholdError } from '@leasehold/core'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { ownOrders } from '../back-office/own-orders.ts'
import { standInLine } from '../back-office/waits.ts'
import type { BoxOffice } from '../checkout/box-office.ts'
import { confirm } from '../checkout/confirm.ts'
import { giveUp } from '../checkout/end.ts'
import { hold } from '../checkout/hold.ts'
import { type HoldRecord, ownHold } from '../checkout/hold-record.ts'
import { pay } from '../checkout/pay.ts'
import { Refusal } from '../checkout/refusal.ts'
import { DatabaseUnavailable } from '../database/database.ts'
import type { SeatBoard } from '../live/seat-board.ts'
import { PUBLIC } from '../places.ts'
import { liveSeats } from './live-seats.ts'
import { operatorDesk } from './operator-desk.ts'
import { holdIn, paymentIn, seatsIn } from './requests.ts'
import { sameSiteOnly } from './same-site.ts'
import { session, type WithSession } from './session.ts'

const MAX_BODY_BYTES = 16 * 1024
const LONGEST_LISTENING_BYTES = 1024 * 1024
const LONGEST_WAIT_MS = 10 * 60 * 1000

/** The box office over HTTP. Each handler parses, calls one function of the checkout, and shows the hold as it is then. */
export function createApp(office: BoxOffice, board: SeatBoard, operatorKey: string): Hono<WithSession> {
  const app = new Hono<WithSession>()
  app.use(
    secureHeaders({
      strictTransportSecurity: false,
      contentSecurityPolicy: { defaultSrc: ["'self'"], frameAncestors: ["'none'"] },
    }),
  )
  app.use('/api/*', session, sameSiteOnly, bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }))

  app.get('/api/auditorium', (context) => context.json(office.auditorium.plan))
  app.get('/api/live', liveSeats(board, office.node))

  app.post('/api/holds', async (context) => {
    const id = await hold(office, context.var.session, await seatsIn(context))
    return showHold(context, id, 201)
  })
  app.post('/api/waits', async (context) => {
    const seats = await seatsIn(context)
    const waiting = AbortSignal.any([context.req.raw.signal, AbortSignal.timeout(LONGEST_WAIT_MS)])
    const id = await standInLine(office, context.var.session, seats, waiting)
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

  app.get('/api/orders', async (context) => {
    const orders = await ownOrders(office.db, context.var.session)
    return context.json(orders.map(viewOf))
  })
  app.route('/api/operator', operatorDesk(office, operatorKey))

  async function showHold(context: Context<WithSession>, id: string, status: 200 | 201 = 200): Promise<Response> {
    return context.json(viewOf(await ownHold(office.db, context.var.session, id)), status)
  }

  servePages(app)
  app.notFound((context) => context.json({ error: 'not-found', message: 'There is nothing here.' }, 404))
  app.onError(showError)
  return app
}

/** What the visitor may know of his own hold. Never the handles: whoever has one can end the lease. */
function viewOf({ handles: _secret, hold: _id, ...view }: HoldRecord) {
  return view
}

function servePages(app: Hono<WithSession>): void {
  app.get('/lab', serveStatic({ root: PUBLIC, path: 'lab.html' }))
  app.use('*', serveStatic({ root: PUBLIC }))
}

/** Listens on for a while: whoever is still talking would meet a broken connection instead of the answer. */
async function tooLarge(context: Context): Promise<Response> {
  let bytes = 0
  for await (const chunk of context.req.raw.body ?? []) {
    bytes += (chunk as Uint8Array).length
    if (bytes > LONGEST_LISTENING_BYTES) break
  }
  return context.json({ error: 'too-large', message: 'This request is too large.' }, 413)
}

/** A lock server or a database that did not answer. */
const isPassing = (error: Error): boolean =>
  error instanceof DatabaseUnavailable || (isLeaseholdError(error) && error.code === 'BACKEND_UNAVAILABLE')

function showError(error: Error, context: Context): Response {
  if (error instanceof Refusal) return context.json({ error: error.code, message: error.message }, error.status)
  if (isPassing(error)) {
    return context.json(
      { error: 'try-again', message: 'The seats could not be reached. Nothing is lost: try again.' },
      503,
    )
  }
  // The stack alone: what a database error says of its parameters includes sessions.
  console.error(error.stack)
  return context.json({ error: 'internal', message: 'Something went wrong here. Your seats are not affected.' }, 500)
}
