import type { EtcdConnection, OnEnd, Stream } from '../connection.ts'
import { EtcdError } from '../errors.ts'
import { isOldLogIn, toEtcdError } from '../server-errors.ts'
import { afterUnlessRead } from '../unless-read.ts'
import { type Watched, watched } from './answers.ts'
import type { Call } from './call.ts'
import type { Member } from './member.ts'
import * as requests from './requests.ts'
import { unavailable } from './status.ts'

/** Whoever wants to watch is told by etcd before 3.5.5 that a permission is missing, where a token is outdated: https://github.com/etcd-io/etcd/issues/12385 */
const mayBeOld = (error: EtcdError): boolean => isOldLogIn(error) || error.code === 'PERMISSION_DENIED'

/** Each watch has a stream of its own, on the connection of all calls. */
export const watchAt =
  (member: Member, deadlineMs: number): EtcdConnection['watch'] =>
  (key, rangeEnd, what, onChange, onEnd) => {
    const body = requests.watch(key, rangeEnd, what)
    const step = (token: string | undefined, inMs: number) =>
      open({ member, deadlineMs: inMs, body, token, onChange, onEnd })
    return member.asUser(step, deadlineMs, mayBeOld)
  }

interface Opening {
  readonly member: Member
  readonly deadlineMs: number
  readonly body: Buffer
  readonly token: string | undefined
  onChange(key: string, revision: bigint): void
  readonly onEnd: OnEnd
}

/** Resolves once etcd has said that it watches. */
const open = ({ member, deadlineMs, body, token, onChange, onEnd }: Opening): Promise<Stream> =>
  new Promise((resolve, reject) => {
    let [isOpen, isOver] = [false, false]
    const end = (error: EtcdError) => {
      if (isOver) return
      isOver = true
      cancelDeadline()
      call.cancel()
      member.ended(error, token)
      if (isOpen) onEnd(error)
      else reject(error)
    }
    const created = () => {
      isOpen = true
      cancelDeadline()
      resolve({ cancel: () => call.cancel() })
    }
    const onAnswer = ({ isCreated, cancelled, changes }: Watched) => {
      if (cancelled !== undefined) return end(toEtcdError(`the watch was cancelled: ${cancelled}`))
      if (isCreated) created()
      for (const { key, revision } of changes) onChange(key, revision)
    }
    const ended = (error = unavailable('the stream ended')) => end(error)
    const terms = { path: '/etcdserverpb.Watch/Watch', read: watched, onAnswer, onEnd: ended }
    const call: Call<Watched> = member.subscribe(terms, token)
    const sentAtMs = performance.now()
    const cancelDeadline = afterUnlessRead(deadlineMs, () => {
      call.suspect(sentAtMs)
      end(new EtcdError('DEADLINE_EXCEEDED', 'no answer to a watch'))
    })
    call.send(body)
  })
