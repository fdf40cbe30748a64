/** Returns the value as it is to be used, or throws. */
export type Rule<Value> = (name: string, value: unknown) => Value

export function rule<Value>(what: string, holds: (value: unknown) => boolean, error = TypeError): Rule<Value> {
  return (name, value) => {
    if (holds(value)) return value as Value
    throw new error(`${name} must be ${what}; got ${show(value)}`)
  }
}

export const between = (min: number, max: number, whole = ''): Rule<number> =>
  rule(
    `a ${whole}number from ${min} to ${max}`,
    (value) => typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value)),
    RangeError,
  )

export const ofType = <Value>(type: string): Rule<Value> => rule(`a ${type}`, (value) => typeof value === type)

export const having = <Value>(...members: string[]): Rule<Value> =>
  rule(
    `an object with ${members.join(', ') || 'properties'}`,
    (value) => members.every((name) => name in Object(value)) && value === Object(value),
  )

/** Of a text as much as tells what is wrong with it; of what has properties only its type: they may be secrets. */
const show = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value).slice(0, 100)
    : value === Object(value)
      ? typeof value
      : String(value)
