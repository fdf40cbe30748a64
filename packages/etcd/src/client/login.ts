import { token } from './answers.ts'
import type { Channel } from './channel.ts'
import type { EtcdOptions } from './options.ts'
import { login } from './requests.ts'
import { unaryCall } from './unary-call.ts'

/** What shows a member who asks. All who need it at once wait for one login: etcd computes long at each. */
export class Login {
  readonly #channel: Channel
  readonly #auth: NonNullable<EtcdOptions['auth']>
  readonly #deadlineMs: number
  #asking: Promise<string> | undefined
  #token: string | undefined

  constructor(channel: Channel, auth: NonNullable<EtcdOptions['auth']>, deadlineMs: number) {
    this.#channel = channel
    this.#auth = auth
    this.#deadlineMs = deadlineMs
  }

  /** Rejects with an `EtcdError`; whoever asks next logs in again. */
  token(): Promise<string> {
    this.#asking ??= this.#ask()
    return this.#asking
  }

  /** It was refused. Of the many that used it, the first to say so gives it up. */
  giveUp(token: string): void {
    if (this.#token === token) this.#forget()
  }

  async #ask(): Promise<string> {
    const { username, password } = this.#auth
    const body = login(username, password)
    const asked = { path: '/etcdserverpb.Auth/Authenticate', body, deadlineMs: this.#deadlineMs, read: token }
    try {
      this.#token = await unaryCall(this.#channel, asked, undefined)
      return this.#token
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  #forget(): void {
    this.#asking = undefined
    this.#token = undefined
  }
}
