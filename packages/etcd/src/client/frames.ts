import { MalformedError } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/** Before each message of gRPC: whether it is compressed, and its length. */
const PREFIX_BYTES = 5

/** The message, as it goes out. */
export function frame(write: (to: ProtobufWriter) => void): Buffer {
  const writer = new ProtobufWriter(PREFIX_BYTES)
  write(writer)
  const bytes = writer.finish()
  bytes[0] = 0
  bytes.writeUInt32BE(bytes.length - PREFIX_BYTES, 1)
  return bytes
}

/** It was not read: nothing is wrong with the connection. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'

  constructor(bytes: number, maxBytes: number) {
    super(`etcd's answer has ${bytes} bytes, and at most ${maxBytes} are taken`)
  }
}

/** Puts the messages of a stream together, however it is cut in pieces. Keeps no more of it than one message and one piece. */
export class Frames {
  readonly #maxBytes: number
  #pieces: Buffer[] = []
  #bytes = 0
  /** Until the message that has begun is whole, with its prefix. */
  #wanted = PREFIX_BYTES

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The messages that are whole by now. Throws a `TooLargeError` or a `MalformedError`, after which the rest of the stream is of no use. */
  *add(piece: Buffer): Generator<Buffer> {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    while (this.#bytes >= this.#wanted) {
      const bytes = this.#joined()
      const end = PREFIX_BYTES + this.#lengthIn(bytes)
      this.#wanted = end
      if (bytes.length < end) return
      this.#pieces = bytes.length > end ? [bytes.subarray(end)] : []
      this.#bytes = bytes.length - end
      this.#wanted = PREFIX_BYTES
      yield bytes.subarray(PREFIX_BYTES, end)
    }
  }

  #joined(): Buffer {
    const [only] = this.#pieces
    if (this.#pieces.length === 1 && only !== undefined) return only
    const joined = Buffer.concat(this.#pieces)
    this.#pieces = [joined]
    return joined
  }

  #lengthIn(bytes: Buffer): number {
    if (bytes[0] !== 0) throw new MalformedError('a message is compressed, which nobody asked for')
    const length = bytes.readUInt32BE(1)
    if (length > this.#maxBytes) throw new TooLargeError(length, this.#maxBytes)
    return length
  }
}
