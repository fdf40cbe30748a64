import type { OutgoingHttpHeaders } from 'node:http2'
import { Call, type CallTerms } from './call.ts'
import { Http2Connection } from './http2-connection.ts'
import type { MemberAddress } from './member-address.ts'
import type { MemberSettings } from './options.ts'
import { notSent } from './status.ts'

export interface Asked<T> extends Omit<CallTerms<T>, 'headers' | 'maxAnswerBytes'> {
  /** `/etcdserverpb.KV/Txn` */
  readonly path: string
  readonly token: string | undefined
}

/** It has eight digits. */
const MOST_TIMEOUT = 99_999_999

/** The way to one member: one connection at a time, made when something is to be sent. Nothing is sent a second time. */
export class Channel {
  readonly #address: MemberAddress
  readonly #settings: MemberSettings
  readonly #headers: OutgoingHttpHeaders
  #connection: Http2Connection | undefined
  #isClosed = false

  constructor(address: MemberAddress, settings: MemberSettings) {
    this.#address = address
    this.#settings = settings
    this.#headers = {
      ':method': 'POST',
      ...(address.authority !== undefined && { ':authority': address.authority }),
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': 'leasehold',
      // A member that has lost its leader says so at once: a request then had no effect, and a stream ends. Without it the one is silent until its deadline, and may take effect later; the
      // other is silent for good.
      hasleader: 'true',
    }
  }

  /** Throws an `EtcdError` where nothing can be sent. */
  call<T>(asked: Asked<T>): Call<T> {
    const { path, token, deadlineMs } = asked
    const headers: OutgoingHttpHeaders = { ...this.#headers, ':path': path }
    if (token !== undefined) headers['token'] = token
    if (deadlineMs !== undefined) headers['grpc-timeout'] = `${Math.min(Math.ceil(deadlineMs), MOST_TIMEOUT)}m`
    try {
      return new Call(this.#open(), { ...asked, headers, maxAnswerBytes: this.#settings.maxAnswerBytes })
    } catch (error) {
      throw notSent((error as Error).message)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#connection?.retire()
  }

  #open(): Http2Connection {
    if (this.#isClosed) throw new Error('these locks were closed')
    if (this.#connection?.isUsable) return this.#connection
    this.#connection = new Http2Connection(this.#address, this.#settings)
    return this.#connection
  }
}
