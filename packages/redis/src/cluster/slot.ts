/** In how many slots a Cluster keeps its keys. */
const SLOTS = 16384

/** CRC16 of XMODEM, as the specification of Redis Cluster asks for. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 8
  for (let bit = 0; bit < 8; bit += 1) remainder = remainder & 0x8000 ? (remainder << 1) ^ 0x1021 : remainder << 1
  return remainder
})

/** The slot of a name that has a hash tag, as all of `keyNames` have. */
export function slotOf(name: string): number {
  const open = name.indexOf('{')
  const tag = name.slice(open + 1, name.indexOf('}', open + 1))
  let crc = 0
  for (const byte of Buffer.from(tag)) crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ byte] as number)
  return crc % SLOTS
}
