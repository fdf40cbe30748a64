import { byId, element } from './element.js'
import { drawControls, showControls } from './lab-controls.js'
import { followLab } from './lab-live.js'
import { showLog } from './lab-log.js'
import { Model } from './lab-model.js'
import { drawTimeline } from './lab-timeline.js'

const FRAME_MS = 60

const model = new Model()
/** @type {import('./lab-model.js').Bench | undefined} */
let bench
/** When the present run began, by this page's clock. */
let beganAt = 0
let asking = false

const isRunning = () => model.run !== undefined && model.verdict === undefined

/** @param {import('./lab-model.js').Bench} news */
function openBench(news) {
  bench = news
  beganAt = performance.now() - news.nowMs
  byId('setting').textContent =
    `Three servers want seat ${news.seat}. Break one of them right before it writes. Locks in ${news.locks}; a lease lasts ${news.ttlMs / 1000} s.`
  drawControls(
    news,
    (story, strategy) => void ask('run', { story, strategy }),
    (choice) => void ask('choice', { choice }),
  )
  show()
}

/** @param {import('./lab-model.js').Fact[]} facts */
function takeFacts(facts) {
  for (const fact of facts) {
    // What is told late was seen as early as it says: the earliest tells best when the run began.
    const began = performance.now() - fact.at
    beganAt = fact.type === 'run' ? began : Math.min(beganAt, began)
    model.take(fact)
  }
  show()
}

function show() {
  showControls(model, asking || isRunning())
  showLog(model.notes)
  showVerdict()
  draw()
}

function showVerdict() {
  const { tone, title, text } = model.verdict ?? waiting()
  const banner = byId('verdict')
  if (banner.dataset['text'] === title + text) return
  banner.dataset['tone'] = tone
  banner.dataset['text'] = title + text
  banner.replaceChildren(element('h2', {}, title), element('p', {}, text))
}

/** @returns {{ tone: string, title: string, text: string }} */
function waiting() {
  if (model.run === undefined)
    return {
      tone: 'plain',
      title: 'Choose, and run',
      text: 'Processes, lock server and database are real. What you see is what they say.',
    }
  if (model.brink && model.run.story === 'by-hand') {
    return {
      tone: 'warn',
      title: `${model.brink} is about to write`,
      text: 'It has looked, and the seat was free. Now break it, or let it write.',
    }
  }
  return { tone: 'plain', title: 'Running…', text: 'Three customers ask for the same seat.' }
}

function draw() {
  if (bench === undefined) return
  const asksNobody = model.run?.strategy === 'no-lock' || model.run?.strategy === 'row-lock'
  const nodes = bench.nodes.map((name) => ({
    name,
    title: name,
    hint: asksNobody ? 'has no lease' : 'its lease, as it computes it',
  }))
  const lanes = [
    ...nodes,
    {
      name: 'lock',
      title: 'lock server',
      hint: asksNobody ? `${bench.locks}: not asked` : `${bench.locks}: who holds the seat`,
    },
    { name: 'row', title: `row of seat ${bench.seat}`, hint: 'in the database' },
  ]
  drawTimeline(byId('lanes'), lanes, model, model.run ? performance.now() - beganAt : 0)
}

/**
 * @param {'run' | 'choice'} what
 * @param {object} body
 */
async function ask(what, body) {
  asking = true
  show()
  bringIntoView(what)
  const headers = { 'content-type': 'application/json' }
  await fetch(`/api/lab/${what}`, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => {})
  asking = false
  show()
}

/** On a phone, the timeline is below the buttons that set it going.
 *
 * @param {string} what
 */
function bringIntoView(what) {
  const scene = byId('verdict')
  if (what === 'run' && scene.getBoundingClientRect().top > innerHeight / 2)
    scene.scrollIntoView({ behavior: 'smooth' })
}

function showNoLab() {
  byId('live').hidden = true
  byId('verdict').replaceChildren(
    element('h2', {}, 'The lab needs several servers'),
    element(
      'p',
      {},
      'This box office runs in one process, with its locks in memory: freeze or kill it, and everything stands still. Start it with a lock server, and come back:',
    ),
    element('pre', {}, 'npx pnpm demo --nodes 3 --with redis'),
    element('p', { class: 'soft' }, 'Or with postgres, or etcd.'),
  )
  byId('controls').hidden = true
  byId('timeline').hidden = true
  byId('legend').hidden = true
  byId('what-happened').hidden = true
}

drawLegend()
followLab(openBench, takeFacts, showNoLab)
setInterval(() => isRunning() && draw(), FRAME_MS)
new ResizeObserver(draw).observe(byId('lanes'))

function drawLegend() {
  const samples = [
    ['node-1', 'node-1'],
    ['node-2', 'node-2'],
    ['node-3', 'node-3'],
    ['to-come', 'time left'],
    ['broken', 'broken'],
    ['sold', 'write accepted', '✓'],
    ['refused', 'late write refused', '✕'],
    ['again', 'sold again', '!'],
  ]
  byId('legend').append(
    ...samples.map(([look = '', text = '', sign = '']) =>
      element('li', {}, element('span', { class: 'swatch', 'data-look': look, 'aria-hidden': 'true' }, sign), text),
    ),
  )
}
