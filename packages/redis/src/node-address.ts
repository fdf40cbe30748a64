export interface NodeAddress {
  readonly host: string
  readonly port: number
}

/** An IPv6 address has colons of its own. */
export function addressOf(text: string): NodeAddress {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

export const textOf = ({
  host,
  port,
}: {
  readonly host?: string | undefined
  readonly port?: number | undefined
}): string => `${host}:${port}`
