import type { EtcdConnection, OnEnd, Stream } from './connection.ts'
import { EtcdError, isOfMember } from './errors.ts'

/** After this, the member that was asked is asked whether it is there, and so are the others. */
const OVERDUE_MS = 500
/** How much later than another it may say so. */
const GRACE_MS = 250

type Asked = Promise<EtcdConnection>

/** A stream that is open at the member that is asked. */
interface Opened {
  giveUp(why: EtcdError): void
}

/**
 * A cluster. One member is asked, whichever first says that it has a leader, and another only after that one failed: whoever froze is met
 * once, and not by every third request. Nothing is sent twice: what failed is told, and the next request goes elsewhere.
 */
export class Members implements EtcdConnection {
  readonly #members: readonly EtcdConnection[]
  readonly #opened = new Set<Opened>()
  #asked: Asked | undefined

  constructor(members: readonly EtcdConnection[]) {
    this.#members = shuffled(members)
  }

  hasLeader: EtcdConnection['hasLeader'] = () => this.#ask((member) => member.hasLeader())
  txn: EtcdConnection['txn'] = (transaction) => this.#ask((member) => member.txn(transaction))
  grant: EtcdConnection['grant'] = (leaseId, seconds) => this.#ask((member) => member.grant(leaseId, seconds))
  revoke: EtcdConnection['revoke'] = (leaseId) => this.#ask((member) => member.revoke(leaseId))
  remainingSeconds: EtcdConnection['remainingSeconds'] = (leaseId) =>
    this.#ask((member) => member.remainingSeconds(leaseId))
  keepAlive: EtcdConnection['keepAlive'] = (onAlive, onEnd) =>
    this.#open(async (member, ended, asked) => {
      /** Of the oldest keepalive without an answer, by lease. */
      const expected = new Map<string, () => void>()
      const stream = await member.keepAlive((leaseId, seconds, term) => {
        expected.get(leaseId)?.()
        expected.delete(leaseId)
        onAlive(leaseId, seconds, term)
      }, ended)
      const send = (leaseId: string) => {
        if (!expected.has(leaseId)) expected.set(leaseId, this.#expectAnswer(asked))
        stream.send(leaseId)
      }
      return { ...stream, send }
    }, onEnd)
  watch: EtcdConnection['watch'] = (key, rangeEnd, what, onChange, onEnd) =>
    this.#open((member, ended) => member.watch(key, rangeEnd, what, onChange, ended), onEnd)

  close(): void {
    for (const member of this.#members) member.close()
  }

  async #ask<T>(request: (member: EtcdConnection, asked: Asked) => Promise<T>): Promise<T> {
    this.#asked ??= this.#choose()
    const asked = this.#asked
    const answered = this.#expectAnswer(asked)
    try {
      return await request(await asked, asked)
    } catch (error) {
      if (isOfMember(error)) this.#leave(asked, error as EtcdError)
      throw error
    } finally {
      answered()
    }
  }

  async #choose(): Promise<EtcdConnection> {
    try {
      return await this.#first()
    } catch (error) {
      this.#asked = undefined
      const { errors } = error as AggregateError & { errors: EtcdError[] }
      throw errors.find(({ code }) => code === 'NO_LEADER') ?? errors[0]
    }
  }

  #first(): Promise<EtcdConnection> {
    return Promise.any(
      this.#members.map(async (member) => {
        // To refuse is to answer.
        await member.hasLeader().catch((error) => isOfMember(error) && Promise.reject(error))
        return member
      }),
    )
  }

  /**
   * Call the returned function when it has come. A member that does not even say that it is there, while another does, may have frozen, and is
   * left. One that is slow to write is not: all are, then.
   */
  #expectAnswer(asked: Asked): () => void {
    let came = false
    const overdue = async () => {
      if ((await this.#isThere(await asked)) || came) return
      this.#leave(asked, new EtcdError('DEADLINE_EXCEEDED', 'another member answers sooner'))
    }
    const timer = setTimeout(() => void overdue().catch(() => {}), OVERDUE_MS)
    timer.unref()
    return () => {
      came = true
      clearTimeout(timer)
    }
  }

  #isThere(member: EtcdConnection): Promise<boolean> {
    const itself = member.hasLeader().then(
      () => true,
      (error) => !isOfMember(error),
    )
    const another = this.#first().then(
      () => new Promise<boolean>((resolve) => setTimeout(resolve, GRACE_MS, false).unref()),
    )
    return Promise.race([itself, another])
  }

  /** Streams go with it: they would be silent where it has frozen. */
  #leave(asked: Asked, why: EtcdError): void {
    if (this.#asked !== asked) return
    this.#asked = undefined
    for (const opened of [...this.#opened]) opened.giveUp(why)
  }

  #open<S extends Stream>(
    open: (member: EtcdConnection, onEnd: OnEnd, asked: Asked) => Promise<S>,
    onEnd: OnEnd,
  ): Promise<S> {
    return this.#ask(async (member, asked) => {
      let stream: S | undefined
      let lost: EtcdError | undefined
      const giveUp = (why: EtcdError) => {
        if (!this.#opened.delete(opened)) return
        lost = why
        if (stream === undefined) return
        stream.cancel()
        if (isOfMember(why)) this.#leave(asked, why)
        onEnd(why)
      }
      const opened = { giveUp }
      this.#opened.add(opened)
      try {
        stream = await open(member, giveUp, asked)
      } catch (error) {
        this.#opened.delete(opened)
        throw error
      }
      if (lost === undefined) return { ...stream, cancel: (why = CANCELLED) => giveUp(why) }
      stream.cancel()
      throw lost
    })
  }
}

const CANCELLED = new EtcdError('INVALID', 'the stream was cancelled')

function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((each) => ({ each, place: Math.random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ each }) => each)
}
