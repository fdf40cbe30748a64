import type { Claim } from '@leasehold/core'
import type { WireLog } from './remote-backend.ts'
import type { RunContext } from './run-context.ts'

/** Passes on what a process sends and reads to the checks, the counters and the timeline. */
export function wireLog(run: RunContext, process: string): WireLog {
  const { audit, contenders, counters, trace } = run
  let closed = false
  const note = (what: string, { key, holder }: Claim) => trace?.note(process, `${what} ${key} ${trace.holder(holder)}`)
  const sends = (what: string, claim: Claim) => {
    note(`-> ${what}`, claim)
    if (closed) run.report('L6', `${process} sends ${what} after its backend was closed`)
  }
  return {
    acquireSent(claim) {
      sends('acquire', claim)
      audit.sent(process, claim)
    },
    acquireAnswered(claim, granted) {
      note(granted ? '<- granted' : '<- contended', claim)
      audit.answered(claim, granted)
    },
    acquireFailed(claim) {
      note('<- no answer to acquire', claim)
    },
    waitBegan(claim) {
      sends('wait', claim)
      // Several who want parts of a key may have theirs at once, so several ask.
      if (!claim.share) contenders.began(process, claim.key, claim.holder)
    },
    waitEnded(claim) {
      note('   the wait is over', claim)
      contenders.ended(process, claim.key, claim.holder)
    },
    waitBrought: () => {
      counters.grantByWait += 1
    },
    renewSent(claims) {
      for (const claim of claims) sends('renew', claim)
    },
    renewAnswered(claims, answers) {
      for (const [index, claim] of claims.entries()) {
        note(`<- renewal: ${answers[index] === 'gone' ? 'gone' : 'granted'}`, claim)
        if (answers[index] === 'gone') run.toldGone(process, claim)
      }
    },
    releaseSent(claim) {
      sends('release', claim)
      if (audit.released(claim) === 'granted') counters.lateGrantAfterAbort += 1
    },
    closed() {
      trace?.note(process, '   backend closed')
      audit.closed(process)
      closed = true
    },
  }
}
