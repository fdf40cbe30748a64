/** In how many slots a Cluster keeps its keys. */
export const SLOTS = 16384

/** CRC16 of XMODEM, as the specification of Redis Cluster asks for. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 8
  for (let bit = 0; bit < 8; bit += 1) remainder = remainder & 0x8000 ? (remainder << 1) ^ 0x1021 : remainder << 1
  return remainder
})

/** The slot of what is hashed: a hash tag, or a whole name without one. */
export function slotOfText(text: string): number {
  // A character for each byte, as in most keys: to copy them would take longer than the sum.
  const bytes = Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1')
  let crc = 0
  for (let index = 0; index < bytes.length; index += 1)
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ bytes.charCodeAt(index)] as number)
  return crc % SLOTS
}

/** The slot of a name that has a hash tag, as all of `keyNames` have. */
export function slotOf(name: string): number {
  const open = name.indexOf('{')
  return slotOfText(name.slice(open + 1, name.indexOf('}', open + 1)))
}
