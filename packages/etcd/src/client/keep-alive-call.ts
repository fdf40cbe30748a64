import type { EtcdConnection } from '../connection.ts'
import { type Alive, alive } from './answers.ts'
import type { Member } from './member.ts'
import * as requests from './requests.ts'
import { unavailable } from './status.ts'

/** Keepalives of all leases, on one stream. */
export const keepAliveAt =
  (member: Member, deadlineMs: number): EtcdConnection['keepAlive'] =>
  async (onAlive, onEnd) => {
    const token = await member.token()
    const terms = {
      path: '/etcdserverpb.Lease/LeaseKeepAlive',
      read: alive,
      onAnswer: ({ leaseId, seconds, term }: Alive) => onAlive(leaseId, seconds, term),
      onEnd(error = unavailable('the stream ended')) {
        member.ended(error, token)
        onEnd(error)
      },
    }
    const call = member.subscribe(terms, token)
    return {
      send: (leaseId) => call.send(requests.lease(leaseId)),
      cancel(why) {
        if (why?.code === 'DEADLINE_EXCEEDED') call.suspect(performance.now() - deadlineMs)
        call.cancel()
      },
    }
  }
