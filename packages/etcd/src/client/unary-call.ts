import type { Channel } from './channel.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import { unavailable } from './status.ts'

export interface Question<T> {
  readonly path: string
  readonly body: Buffer
  readonly deadlineMs: number
  read(from: ProtobufReader): T
}

/** One message there, one back. Sent once; rejects with an `EtcdError`. */
export const unaryCall = <T>(
  channel: Channel,
  { body, ...asked }: Question<T>,
  token: string | undefined,
): Promise<T> =>
  new Promise((resolve, reject) => {
    let answer: { readonly read: T } | undefined
    const call = channel.call<T>({
      ...asked,
      token,
      onAnswer(read) {
        answer = { read }
      },
      onEnd(error) {
        if (error === undefined && answer !== undefined) resolve(answer.read)
        else reject(error ?? unavailable('the call ended without an answer'))
      },
    })
    call.finish(body)
  })
