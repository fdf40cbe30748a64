import { type EtcdError, isNotSent, isUnknown } from '../errors.ts'
import { isOldLogIn } from '../server-errors.ts'
import type { Call } from './call.ts'
import { type Asked, Channel } from './channel.ts'
import { Login } from './login.ts'
import type { MemberAddress } from './member-address.ts'
import type { EtcdOptions, MemberSettings } from './options.ts'
import { notSent } from './status.ts'
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
    const step = (token: string | undefined, deadlineMs: number) =>
      unaryCall(this.#channel, { ...question, deadlineMs }, token)
    return this.asUser(step, question.deadlineMs, isOldLogIn)
  }

  /** A stream that is open until it ends, or is cancelled. */
  subscribe<T>(subscription: Subscription<T>, token: string | undefined): Call<T> {
    return this.#channel.call({ ...subscription, token, deadlineMs: undefined })
  }

  /** Once more, where nothing took effect: it was not sent, or the token was refused. `deadlineMs`: for what is not sent at first, both times together. */
  async asUser<T>(
    step: (token: string | undefined, deadlineMs: number) => Promise<T>,
    deadlineMs: number,
    isRefusal: (error: EtcdError) => boolean,
  ): Promise<T> {
    const token = await this.token()
    const begunMs = performance.now()
    try {
      return await step(token, deadlineMs)
    } catch (error) {
      const leftMs = Math.floor(deadlineMs - (performance.now() - begunMs))
      if (isNotSent(error) && leftMs > 0) return step(token, leftMs)
      if (token === undefined || !isRefusal(error as EtcdError)) throw error
      this.#login?.giveUp(token)
    }
    return step(await this.token(), deadlineMs)
  }

  /** `undefined`: there are no users. Whoever has no token has sent nothing. */
  async token(): Promise<string | undefined> {
    try {
      return await this.#login?.token()
    } catch (error) {
      throw isUnknown(error) ? notSent(`no log-in: ${(error as Error).message}`) : error
    }
  }

  /** A stream has ended so: for its token, perhaps. */
  ended(error: EtcdError, token: string | undefined): void {
    if (token !== undefined && isOldLogIn(error)) this.#login?.giveUp(token)
  }

  close(): void {
    this.#channel.close()
  }
}
