/** These bytes are no message, or not the one that was to come. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
}

const MOST_VARINT_BYTES = 10
/** Far deeper than anything that is asked for. */
const MOST_NESTED = 16

/** Bytes of a field of fixed length, by wire type. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 }

/**
 * Reads the fields of a protobuf message, of whatever bytes: each call ends, and reads nothing beyond the message, or throws a `MalformedError`.
 * Read fields by their tag, eight times the number of the field and its wire type, and skip those that are not known.
 */
export class ProtobufReader {
  readonly #bytes: Buffer
  readonly #end: number
  readonly #depth: number
  #at: number

  constructor(bytes: Buffer, start = 0, end = bytes.length, depth = 0) {
    if (depth > MOST_NESTED) throw new MalformedError(`messages are nested more than ${MOST_NESTED} times`)
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#depth = depth
  }

  /** The tag of the next field; 0 at the end. */
  next(): number {
    if (this.#at === this.#end) return 0
    const tag = this.number()
    if (tag < 8 || tag > 0xffff_ffff) throw new MalformedError('a field has no valid number')
    return tag
  }

  /** Exact up to 2^53. */
  number(): number {
    let value = 0
    let scale = 1
    for (let length = 1; length <= MOST_VARINT_BYTES; length += 1) {
      const byte = this.#byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
    throw new MalformedError('a number is longer than 64 bits')
  }

  boolean(): boolean {
    return this.number() !== 0
  }

  /** A signed number of 64 bits, as decimal text. */
  decimal(): string {
    const start = this.#at
    const value = this.number()
    if (value <= Number.MAX_SAFE_INTEGER) return String(value)
    let exact = 0n
    for (let at = this.#at - 1; at >= start; at -= 1) exact = (exact << 7n) | BigInt((this.#bytes[at] as number) & 127)
    return String(BigInt.asIntN(64, exact))
  }

  /** Of the message's own memory: copy what is to be kept. */
  bytes(): Buffer {
    const start = this.#skipLength()
    return this.#bytes.subarray(start, this.#at)
  }

  text(): string {
    const start = this.#skipLength()
    return this.#bytes.toString('utf8', start, this.#at)
  }

  message(): ProtobufReader {
    const start = this.#skipLength()
    return new ProtobufReader(this.#bytes, start, this.#at, this.#depth + 1)
  }

  /** Of a field that is not known. */
  skip(tag: number): void {
    const type = tag & 7
    const fixed = FIXED_BYTES[type]
    if (type === 0) this.number()
    else if (type === 2) this.#skipLength()
    else if (fixed !== undefined) this.#advance(fixed)
    else throw new MalformedError(`a field has the wire type ${type}`)
  }

  /** Where the field's bytes begin; they end where the reader is then. */
  #skipLength(): number {
    const length = this.number()
    const start = this.#at
    this.#advance(length)
    return start
  }

  #advance(bytes: number): void {
    if (bytes > this.#end - this.#at) throw new MalformedError('a message is cut short')
    this.#at += bytes
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new MalformedError('a message is cut short')
    return this.#bytes[this.#at++] as number
  }
}
