const VARINT = 0
const BYTES = 2

/** Room for what most requests are, taken from the pool that Node keeps for small buffers. */
const USUAL_BYTES = 1_024
const MOST_VARINT_BYTES = 10

/** Puts fields of a protobuf message into bytes, as proto3 has them: what equals its default is left out, unless `always` is said. */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(USUAL_BYTES)
  #at: number

  /** `reserved`: bytes before the message, which the caller fills. */
  constructor(reserved = 0) {
    this.#at = reserved
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  /** Not negative, up to 2^53. */
  number(field: number, value: number): void {
    if (value !== 0) this.numberAlways(field, value)
  }

  numberAlways(field: number, value: number): void {
    this.#tag(field, VARINT)
    this.#varint(value)
  }

  /** A decimal number from 0 to 2^63 - 1. */
  decimal(field: number, text: string): void {
    if (text !== '0') this.decimalAlways(field, text)
  }

  decimalAlways(field: number, text: string): void {
    const value = Number(text)
    if (value <= Number.MAX_SAFE_INTEGER) this.numberAlways(field, value)
    else {
      const exact = BigInt(text)
      this.halves(field, Number(exact & 0xffff_ffffn), Number(exact >> 32n))
    }
  }

  /** A number of 64 bits, always. */
  halves(field: number, low: number, high: number): void {
    this.#tag(field, VARINT)
    this.#reserve(MOST_VARINT_BYTES)
    let [lower, upper] = [low >>> 0, high >>> 0]
    while (upper > 0 || lower > 127) {
      this.#bytes[this.#at++] = (lower & 127) | 128
      lower = ((lower >>> 7) | (upper << 25)) >>> 0
      upper >>>= 7
    }
    this.#bytes[this.#at++] = lower
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (value === undefined || value.length === 0) return
    this.#tag(field, BYTES)
    this.#varint(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  text(field: number, value: string): void {
    this.bytes(field, Buffer.from(value))
  }

  message(field: number, write: () => void): void {
    this.#tag(field, BYTES)
    this.#reserve(1)
    const start = this.#at + 1
    this.#at = start
    write()
    this.#putLengthBefore(start)
  }

  /** One byte is kept free for it, which most messages need; what is longer moves. */
  #putLengthBefore(start: number): void {
    const end = this.#at
    const length = end - start
    const extra = length < 128 ? 0 : Math.floor(Math.log2(length) / 7)
    if (extra > 0) {
      this.#reserve(extra)
      this.#bytes.copyWithin(start + extra, start, end)
    }
    this.#at = start - 1
    this.#varint(length)
    this.#at = end + extra
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type)
  }

  #varint(value: number): void {
    this.#reserve(MOST_VARINT_BYTES)
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#at++] = rest
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
