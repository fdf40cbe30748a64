import { byId, element } from './element.js'
import { drawControls, showControls } from './lab-controls.js'
import { followLab } from './lab-live.js'
import { showLog } from './lab-log.js'
import { Model } from './lab-model.js'
import { drawTimeline } from './lab-timeline.js'

const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
const FRAME_MS = isCalm ? 1000 : 60

const model = new Model()
/** @type {import('./lab-model.js').Bench | undefined} */
let bench
/** When the present run began, by this page's clock. */
let beganAt = 0
/** @type {string | undefined} the story that was asked for and has not begun */
let asked

const isRunning = () => model.run !== undefined && model.verdict === undefined

/** @param {import('./lab-model.js').Bench} news */
function openBench(news) {
  bench = news
  beganAt = performance.now() - news.nowMs
  byId('setting').textContent =
    `Three servers want seat ${news.seat}. Break one of them right before it writes. Locks in ${news.locks}; a lease lasts ${news.ttlMs / 1000} s.`
  drawControls(
    news,
    (story, strategy) => void run(story, strategy),
    (choice) => void post('choice', { choice }),
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
    if (fact.type === 'run' || fact.type === 'verdict') asked = undefined
  }
  show()
}

function show() {
  showControls(model, asked ?? (isRunning() ? model.run?.story : undefined))
  showLog(model.run, model.notes)
  showVerdict()
  draw()
}

function showVerdict() {
  const { tone, title, text } = (asked === undefined && model.verdict) || waiting()
  const banner = byId('verdict')
  if (banner.dataset['text'] === title + text) return
  banner.dataset['tone'] = tone
  banner.dataset['text'] = title + text
  banner.replaceChildren(element('h2', {}, title), element('p', {}, text))
}

/** @returns {{ tone: string, title: string, text: string }} */
function waiting() {
  if (asked !== undefined)
    return { tone: 'plain', title: 'A new sale…', text: 'The seat is free again, and the servers open.' }
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
 * @param {string} story
 * @param {string} strategy
 */
async function run(story, strategy) {
  asked = story
  show()
  bringIntoView()
  if (!(await post('run', { story, strategy }))) asked = undefined
  show()
}

/**
 * @param {'run' | 'choice'} what
 * @param {object} body
 * @returns {Promise<boolean>} whether the lab does it
 */
async function post(what, body) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`/api/lab/${what}`, { method: 'POST', headers, body: JSON.stringify(body) }).catch(
    () => {},
  )
  return response?.ok === true
}

/** On a phone, the timeline is below the buttons that set it going. */
function bringIntoView() {
  const scene = byId('verdict')
  if (scene.getBoundingClientRect().top > innerHeight / 2)
    scene.scrollIntoView({ behavior: isCalm ? 'auto' : 'smooth' })
}

/** @param {Event} event at a mark of the timeline, whose words are below: those who do not see it read them there */
function showNote({ target }) {
  const mark = target instanceof Element ? target.closest('.mark') : null
  if (mark !== null) location.hash = mark.getAttribute('data-note') ?? ''
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
byId('lanes').addEventListener('click', showNote)
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
