const PLAIN = /^[^\s{}\0]{1,100}$/

/** What all names begin with. `keyPrefix`: your client's, which the duplicates do not have: channels would go without it. */
export function namespaceOf(keyPrefix = '', prefix = 'leasehold:'): string {
  if (!PLAIN.test(prefix)) throw new TypeError('prefix must be 1 to 100 characters without braces and white space')
  return `${keyPrefix}${prefix}`
}
