/**
 * Connections of ours have a name where your client has one, and another: who counts or ends its connections by their name, as queues do with those of their workers, does not mean these.
 */
export const nameOfOurs = (setting: string, name: string | null | undefined): Record<string, string> =>
  name ? { [setting]: `leasehold:${name}` } : {}
