import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { streamSSE } from 'hono/streaming'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { Refusal } from '../checkout/refusal.ts'
import { sameSiteOnly } from '../http/same-site.ts'
import { isStrategyName } from '../strategies/index.ts'
import type { Fact } from './fact.ts'
import type { Lab } from './lab.ts'
import { isChoice, isStory, type RunTerms } from './story.ts'

const MAX_BODY_BYTES = 1024
const TURN_MS = 40
const HEARTBEAT_TURNS = 250

/** The lab over HTTP: what is seen as server-sent events, and two buttons. It starts when somebody looks. */
export function createLabApp(openLab: () => Promise<Lab>): Hono {
  const app = new Hono()
  app.use(secureHeaders({ strictTransportSecurity: false }), sameSiteOnly, bodyLimit({ maxSize: MAX_BODY_BYTES }))
  app.get('/api/lab/live', (context) => live(context, openLab))
  app.post('/api/lab/run', async (context) => {
    const terms = termsIn(await bodyOf(context))
    if (terms === undefined) return refuse(context, 400, 'bad-request', 'Name a strategy and a story.')
    const lab = await openLab()
    if (terms.story === 'cut-off' && !lab.bench.canCut) return refuseToCut(context)
    if (lab.isBusy) return refuse(context, 409, 'busy', 'A run is under way.')
    // What went wrong stands in the timeline, for whoever looks.
    lab.run(terms).catch((error: Error) => console.error(error.stack))
    return context.json({}, 202)
  })
  app.post('/api/lab/choice', async (context) => {
    const { choice } = await bodyOf(context)
    if (!isChoice(choice)) return refuse(context, 400, 'bad-request', 'Choose "write" or a fault.')
    const lab = await openLab()
    if (choice === 'cut-off' && !lab.bench.canCut) return refuseToCut(context)
    if (!lab.choose(choice)) return refuse(context, 409, 'not-now', 'There is nothing to choose now.')
    return context.json({}, 202)
  })
  app.notFound((context) => refuse(context, 404, 'not-found', 'There is nothing here.'))
  app.onError((error, context) => {
    if (error instanceof Refusal) return refuse(context, error.status, error.code, error.message)
    console.error(error.stack)
    return refuse(context, 500, 'internal', 'Something went wrong here.')
  })
  return app
}

function live(context: Context, openLab: () => Promise<Lab>): Response {
  return streamSSE(context, async (stream) => {
    const say = (event: string, data: unknown) => stream.writeSSE({ event, data: JSON.stringify(data) })
    await say('opening', {})
    const lab = await openLab()
    await say('bench', { ...lab.bench, nowMs: lab.timeline.nowMs })
    const owed: Fact[] = []
    stream.onAbort(lab.timeline.follow((fact) => owed.push(fact)))
    for (let turn = 0; !stream.aborted; turn++) {
      const facts = owed.splice(0)
      if (facts.length > 0) await say('facts', facts)
      else if (turn % HEARTBEAT_TURNS === 0) await say('heartbeat', {})
      await stream.sleep(TURN_MS)
    }
  })
}

async function bodyOf(context: Context): Promise<Record<string, unknown>> {
  const body: unknown = await context.req.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? { ...body } : {}
}

function termsIn({ strategy, story }: Record<string, unknown>): RunTerms | undefined {
  return typeof strategy === 'string' && isStrategyName(strategy) && isStory(story) ? { strategy, story } : undefined
}

const refuseToCut = (context: Context): Response =>
  refuse(
    context,
    422,
    'cannot-cut',
    'The line to the lock server is encrypted to its end: it cannot be led through a proxy.',
  )

function refuse(context: Context, status: ContentfulStatusCode, error: string, message: string): Response {
  return context.json({ error, message }, status)
}
