import { byId, element } from './element.js'

/** @typedef {import('./lab-model.js').Model} Model */
/** @typedef {import('./lab-model.js').Bench} Bench */

const STRATEGIES = [
  ['no-lock', 'No lock', 'look, then write'],
  ['row-lock', 'Row lock', 'in one transaction'],
  ['lease', 'Lease', 'without fencing'],
  ['fenced-lease', 'Fenced lease', 'the row compares tokens'],
]

const STORIES = [
  ['contend', 'Contend', 'Nothing goes wrong with the servers'],
  ['freeze', 'Freeze', 'SIGSTOP, for longer than a lease; then SIGCONT'],
  ['kill', 'Kill', 'SIGKILL'],
  ['cut-off', 'Cut off', 'No line to the lock server any more'],
  ['clock', 'Clock forward', 'Its wall clock jumps by a minute'],
]

const BY_HAND = ['by-hand', 'By hand']

const CHOICES = [
  ['write', 'Let it write'],
  ['freeze', 'Freeze it'],
  ['kill', 'Kill it'],
  ['cut-off', 'Cut it off'],
  ['clock', 'Set its clock forward'],
]

const CANNOT_CUT = 'The line to this lock server is encrypted, so it cannot be cut here.'

/**
 * @param {Bench} bench
 * @param {(story: string, strategy: string) => void} onRun
 * @param {(choice: string) => void} onChoice
 */
export function drawControls(bench, onRun, onChoice) {
  const form = byId('controls')
  const chosen = () => String(new FormData(/** @type {HTMLFormElement} */ (form)).get('strategy'))
  form.replaceChildren(
    group('1', 'How is the seat protected?', 'strategies', ...STRATEGIES.map(strategy)),
    group(
      '2',
      'Run a story',
      'stories',
      ...STORIES.map(([name = '', title = '', hint = '']) =>
        button('story', name, title, reasonAgainst(name, bench) ?? hint, () => onRun(name, chosen())),
      ),
    ),
    group(
      '3',
      'Or do it by hand',
      'by-hand',
      button('start', 'by-hand', 'Contend, and wait for me', 'Stops right before the write', () =>
        onRun('by-hand', chosen()),
      ),
      ...CHOICES.map(([name = '', title = '']) =>
        button('choice', name, title, reasonAgainst(name, bench), () => onChoice(name)),
      ),
    ),
  )
  form.dataset['canCut'] = String(bench.canCut)
}

/** @type {Model['run']} the run whose terms are shown */
let shown

/**
 * @param {Model} model
 * @param {string | undefined} story the one that runs
 */
export function showControls(model, story) {
  const form = byId('controls')
  if (model.run !== shown) showTerms(form, model.run)
  shown = model.run
  const canCut = form.dataset['canCut'] === 'true'
  const byHand = model.run?.story === 'by-hand' && model.brink !== undefined
  for (const one of form.querySelectorAll('button')) {
    const { kind, name } = one.dataset
    const isOff = (kind === 'choice' ? !byHand : story !== undefined) || (name === 'cut-off' && !canCut)
    // Not `disabled`: that would take the focus from whoever has just pressed it.
    one.setAttribute('aria-disabled', String(isOff))
    one.toggleAttribute('data-running', kind !== 'choice' && name === story)
  }
}

/**
 * Whoever began this run: its strategy is the chosen one, and both stand above the timeline.
 *
 * @param {HTMLElement} form
 * @param {Model['run']} run
 */
function showTerms(form, run) {
  const strategy = form.querySelector(`input[value="${run?.strategy}"]`)
  if (strategy instanceof HTMLInputElement) strategy.checked = true
  byId('terms').textContent = run
    ? `${titleIn(STRATEGIES, run.strategy)} · ${titleIn([...STORIES, BY_HAND], run.story)}`
    : ''
}

/**
 * @param {string[][]} list
 * @param {string} wanted
 */
const titleIn = (list, wanted) => list.find(([name]) => name === wanted)?.[1] ?? wanted

/**
 * @param {string} name
 * @param {Bench} bench
 */
const reasonAgainst = (name, bench) => (name === 'cut-off' && !bench.canCut ? CANNOT_CUT : undefined)

/**
 * @param {string} number
 * @param {string} title
 * @param {string} look
 * @param {...HTMLElement} children
 */
function group(number, title, look, ...children) {
  return element(
    'fieldset',
    { class: look },
    element('legend', {}, element('span', { class: 'step', 'aria-hidden': 'true' }, number), title),
    element('div', { class: 'choices' }, ...children),
  )
}

/** @param {string[]} strategy */
function strategy([name = '', title = '', hint = '']) {
  return element(
    'label',
    { class: 'strategy' },
    element('input', { type: 'radio', name: 'strategy', value: name, checked: name === 'fenced-lease' }),
    element('strong', {}, title),
    element('small', {}, hint),
  )
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {string} title
 * @param {string | undefined} hint
 * @param {() => void} onClick
 */
function button(kind, name, title, hint, onClick) {
  return element(
    'button',
    {
      type: 'button',
      class: kind,
      'data-kind': kind,
      'data-name': name,
      onclick: ({ currentTarget }) => isOn(currentTarget) && onClick(),
    },
    element('strong', {}, title),
    hint === undefined ? undefined : element('small', {}, hint),
  )
}

/** @param {EventTarget | null} button */
const isOn = (button) => button instanceof HTMLElement && button.getAttribute('aria-disabled') !== 'true'
