import { element } from './element.js'
import { money } from './plan.js'
import { say } from './say.js'

const ORDINARY_CARD = '5555 5555 5555 4444'
const TEST_CARDS = [
  ['4242 4242 4242 4242', 'always pays'],
  ['4000 0000 0000 0002', 'is declined'],
  ['4000 0000 0000 0408', 'outlasts the hold'],
  ['4000 0000 0000 0119', 'freezes the sale'],
]

/**
 * @param {import('./box-office.js').Hold} hold
 * @param {string | undefined} busy
 * @param {(name: string, card: string) => void} onPay
 */
export function payForm(hold, busy, onPay) {
  const name = field('name', 'Name on the tickets', { autocomplete: 'name', maxlength: '80' })
  const card = field('card', 'Card number', {
    inputmode: 'numeric',
    autocomplete: 'off',
    maxlength: '24',
    value: ORDINARY_CARD,
  })
  const waiting = busy ?? (hold.state === 'paying' ? 'Talking to the bank…' : undefined)
  return element(
    'form',
    {
      class: 'pay',
      onsubmit: (event) => {
        event.preventDefault()
        onPay(name.input.value, card.input.value)
      },
    },
    name.label,
    card.label,
    cardChoice(card.input),
    element(
      'button',
      { class: 'primary', disabled: waiting !== undefined },
      waiting ?? `Pay ${money(hold.amountCents)}`,
    ),
  )
}

/**
 * @param {string} name
 * @param {string} text
 * @param {Record<string, string>} attributes
 */
function field(name, text, attributes) {
  const input = element('input', { name, required: true, ...attributes })
  return { input, label: element('label', {}, text, input) }
}

/** @param {HTMLInputElement} input */
function cardChoice(input) {
  const choices = TEST_CARDS.map(([number = '', does = '']) =>
    element(
      'button',
      {
        type: 'button',
        class: 'chip',
        'data-card': number,
        onclick: () => {
          input.value = number
          say(`Card number ${number}`)
        },
      },
      `…${number.slice(-4)} ${does}`,
    ),
  )
  return element('div', { class: 'chips', role: 'group', 'aria-label': 'Cards to try; no money moves' }, ...choices)
}
