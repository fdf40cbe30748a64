import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
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
export async function openLabStand(stage: LabOptions['stage']): Promise<LabStand> {
  const lab = labPages(stage, TTL_MS)
  const pages = new Hono()
  pages.get('/lab', serveStatic({ root: PUBLIC, path: 'lab.html' }))
  pages.use('*', serveStatic({ root: PUBLIC }))
  const others = getRequestListener(pages.fetch)
  const server = createServer((request, response) => lab.take(request, response) || void others(request, response))
  return {
    address: await listen(server, 0, false),
    async [Symbol.asyncDispose]() {
      await closeServer(server)
      await lab[Symbol.asyncDispose]()
    },
  }
}
