import type { EtcdConnection } from '../connection.ts'
import { toEtcdError } from '../server-errors.ts'
import * as answers from './answers.ts'
import { keepAliveAt } from './keep-alive-call.ts'
import { Member } from './member.ts'
import { memberAddress } from './member-address.ts'
import { type EtcdOptions, memberSettings } from './options.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import * as requests from './requests.ts'
import { watchAt } from './watch-call.ts'

/** A member without a vote, which answers nothing else. */
const LEARNER = 'etcdserver: rpc not supported for learner'

/** One member, asked over HTTP/2. Throws a `TypeError` or a `RangeError` that names the rule. */
export function connectEtcd(options: EtcdOptions & { readonly hosts: string }, deadlineMs: number): EtcdConnection {
  const { hosts, credentials, auth } = options
  assertAuth(auth)
  const settings = memberSettings(options, deadlineMs)
  const member = new Member(memberAddress(hosts, credentials, settings), auth, settings)
  const ask = <T>(method: string, body: Buffer, read: (from: ProtobufReader) => T, inMs = deadlineMs): Promise<T> =>
    member.ask({ path: `/etcdserverpb.${method}`, body, read, deadlineMs: inMs })
  return {
    // Soon: whoever asks has a request to send yet.
    async hasLeader() {
      const isLearner = await ask('Maintenance/Status', requests.nothing(), answers.isLearner, deadlineMs / 2)
      if (isLearner) throw toEtcdError(LEARNER)
    },
    txn: (asked) => ask('KV/Txn', requests.transaction(asked), (from) => answers.transactionAnswer(from, asked)),
    grant: (leaseId, seconds) => ask('Lease/LeaseGrant', requests.grant(leaseId, seconds), answers.grantedSeconds),
    revoke: (leaseId) => ask('Lease/LeaseRevoke', requests.lease(leaseId), answers.nothing),
    remainingSeconds: (leaseId) => ask('Lease/LeaseTimeToLive', requests.lease(leaseId), answers.seconds),
    keepAlive: keepAliveAt(member, deadlineMs),
    watch: watchAt(member, deadlineMs),
    close: () => member.close(),
  }
}

function assertAuth(auth: EtcdOptions['auth']): void {
  if (auth === undefined || (typeof auth.username === 'string' && typeof auth.password === 'string')) return
  throw new TypeError('auth must have a username and a password')
}
