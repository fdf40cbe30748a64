import type { EtcdError } from '../errors.ts'
import { isOldLogIn } from '../server-errors.ts'
import type { Call } from './call.ts'
import { type Asked, Channel } from './channel.ts'
import { Login } from './login.ts'
import type { MemberAddress } from './member-address.ts'
import type { EtcdOptions, MemberSettings } from './options.ts'
import { type Question, unaryCall } from './unary-call.ts'

export type Subscription<T> = Omit<Asked<T>, 'token' | 'deadlineMs'>

/** One member of etcd, asked in the name of a user where there are any. */
export class Member {
  readonly #channel: Channel
  readonly #login: Login | undefined

  constructor(address: MemberAddress, auth: EtcdOptions['auth'], settings: MemberSettings) {
    this.#channel = new Channel(address, settings)
    this.#login = auth && new Login(this.#channel, auth, settings.deadlineMs)
  }

  /** Rejects with an `EtcdError`. */
  ask<T>(question: Question<T>): Promise<T> {
    if (this.#login === undefined) return unaryCall(this.#channel, question, undefined)
    return this.asUser((token) => unaryCall(this.#channel, question, token), isOldLogIn)
  }

  /** A stream that is open until it ends, or is cancelled. */
  subscribe<T>(subscription: Subscription<T>, token: string | undefined): Call<T> {
    return this.#channel.call({ ...subscription, token, deadlineMs: undefined })
  }

  /** Once more with a new token, where the first was refused: nothing took effect then. */
  async asUser<T>(
    step: (token: string | undefined) => Promise<T>,
    isRefusal: (error: EtcdError) => boolean,
  ): Promise<T> {
    const token = await this.token()
    try {
      return await step(token)
    } catch (error) {
      if (token === undefined || !isRefusal(error as EtcdError)) throw error
      this.#login?.giveUp(token)
    }
    return step(await this.token())
  }

  /** `undefined`: there are no users. */
  async token(): Promise<string | undefined> {
    return this.#login?.token()
  }

  /** A stream has ended so: for its token, perhaps. */
  ended(error: EtcdError, token: string | undefined): void {
    if (token !== undefined && isOldLogIn(error)) this.#login?.giveUp(token)
  }

  close(): void {
    this.#channel.close()
  }
}
