import { element } from './element.js'
import { money, plan } from './plan.js'

/** @param {HTMLElement} parent */
export function drawLegend(parent) {
  const tiers = Object.entries(plan.tiers).map(([tier, { name, priceCents }]) =>
    sample({ 'data-tier': tier, 'data-look': 'free' }, `${name} ${money(priceCents)}`),
  )
  const looks = [
    ['own', 'Yours'],
    ['held', 'Held'],
    ['sold', 'Sold'],
  ]
  parent.append(...tiers, ...looks.map(([look = '', text = '']) => sample({ 'data-look': look }, text)))
}

/**
 * @param {Record<string, string>} attributes
 * @param {string} text
 */
function sample(attributes, text) {
  return element('li', {}, element('span', { class: 'seat', 'aria-hidden': 'true', ...attributes }), text)
}
