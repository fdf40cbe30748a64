import type { EtcdConnection, OnEnd, Stream } from './connection.ts'
import { EtcdError, isForAnother, isOfMember, isUnknown } from './errors.ts'
import { afterUnlessRead } from './unless-read.ts'

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
 * once, and not by every third request. Nothing is sent twice: what failed is told, and the next request goes elsewhere. What was not sent, or was refused by a member that serves nobody, goes there itself.
 */
export class Members implements EtcdConnection {
  readonly #members: readonly EtcdConnection[]
  readonly #opened = new Set<Opened>()
  /** For what they did not do; never all of them. */
  readonly #left = new Set<EtcdConnection>()
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
        if (!expected.has(leaseId)) expected.set(leaseId, this.#expectAnswer(asked, member))
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
    for (let others = this.#members.length - 1; ; others -= 1) {
      this.#asked ??= this.#choose()
      const asked = this.#asked
      const member = await asked
      const answered = this.#expectAnswer(asked, member)
      try {
        return await request(member, asked)
      } catch (error) {
        if (isOfMember(error)) this.#leave(asked, member, error as EtcdError)
        if (!isForAnother(error) || others === 0) throw error
      } finally {
        answered()
      }
    }
  }

  async #choose(): Promise<EtcdConnection> {
    try {
      return await this.#firstToCount()
    } catch (error) {
      this.#asked = undefined
      const { errors } = error as AggregateError & { errors: EtcdError[] }
      const why = errors.find(({ code }) => code === 'NO_LEADER') ?? (errors[0] as EtcdError)
      // What was to be asked then was not.
      throw isUnknown(why) ? new EtcdError('NOT_SENT', why.message, why) : why
    }
  }

  /** One that was left may say that it is there, and do nothing: its disk stands still, say. It is asked where nobody else is there. */
  #firstToCount(): Promise<EtcdConnection> {
    const all = this.#members.map((member) => sayingThatItIs(member))
    const anyone = Promise.any(all)
    if (this.#left.size === 0) return anyone
    anyone.catch(() => {})
    return Promise.any(all.filter((_, i) => !this.#left.has(this.#members[i] as EtcdConnection))).catch(() => anyone)
  }

  /**
   * Call the returned function when it has come. A member that does not even say that it is there, while another does, may have frozen, and is
   * left. One that is slow to write is not: all are, then.
   */
  #expectAnswer(asked: Asked, member: EtcdConnection): () => void {
    let came = false
    const overdue = async () => {
      if ((await this.#isThere(member)) || came) return
      this.#leave(asked, member, new EtcdError('DEADLINE_EXCEEDED', 'another member answers sooner'))
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
    const another = Promise.any(this.#members.map((each) => sayingThatItIs(each))).then(
      () => new Promise<boolean>((resolve) => afterUnlessRead(GRACE_MS, () => resolve(false))),
    )
    return Promise.race([itself, another])
  }

  /** Streams go with it: they would be silent where it has frozen. */
  #leave(asked: Asked, member: EtcdConnection, why: EtcdError): void {
    if (this.#asked !== asked) return
    this.#asked = undefined
    if (this.#left.size === this.#members.length - 1) this.#left.clear()
    this.#left.add(member)
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
        if (isOfMember(why)) this.#leave(asked, member, why)
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

/** Or rejects. To refuse is to answer. */
async function sayingThatItIs(member: EtcdConnection): Promise<EtcdConnection> {
  await member.hasLeader().catch((error) => isOfMember(error) && Promise.reject(error))
  return member
}

function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((each) => ({ each, place: Math.random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ each }) => each)
}
