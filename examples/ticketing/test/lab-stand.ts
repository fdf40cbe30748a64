import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import type { OwnPages } from '../src/fleet/front-door.ts'
import { closeServer, listen } from '../src/http/listen.ts'
import type { LabOptions } from '../src/lab/lab.ts'
import { labPages } from '../src/lab/lab-pages.ts'
import { PUBLIC } from '../src/places.ts'

/** etcd as it comes grants nothing shorter. */
const TTL_MS = 2000

export interface LabStand extends AsyncDisposable {
  readonly address: string
}

/** The lab and its page, without the shop around it. */
export async function openLabStand(stage: LabOptions['stage'], ttlMs = TTL_MS): Promise<LabStand> {
  const lab = labPages(stage, ttlMs)
  const pages = await openPagesAlone(lab.take)
  return {
    address: pages.address,
    async [Symbol.asyncDispose]() {
      await pages[Symbol.asyncDispose]()
      await lab[Symbol.asyncDispose]()
    },
  }
}

/** The pages, and nothing behind them but what `own` takes to itself. */
export async function openPagesAlone(own: OwnPages = () => false): Promise<LabStand> {
  const app = new Hono()
  app.get('/lab', serveStatic({ root: PUBLIC, path: 'lab.html' }))
  app.use('*', serveStatic({ root: PUBLIC }))
  const pages = getRequestListener(app.fetch)
  const server = createServer((request, response) => own(request, response) || void pages(request, response))
  return {
    address: await listen(server, 0, false),
    [Symbol.asyncDispose]: () => closeServer(server),
  }
}
