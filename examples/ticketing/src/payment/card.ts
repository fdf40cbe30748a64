/** Sixteen digits. */
export type Card = string & { readonly card?: never }

export function parseCard(text: unknown): Card | undefined {
  if (typeof text !== 'string' || text.length > 40) return undefined
  const digits = text.replaceAll(/[ -]/g, '')
  return /^[0-9]{16}$/.test(digits) ? digits : undefined
}

/** The only part of a card that is ever stored or shown. */
export const endingOf = (card: Card): string => card.slice(-4)
