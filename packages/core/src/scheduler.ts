import { type Clock, type Instant, NEVER_MS } from './clock.ts'
import { inNoContext } from './no-context.ts'

/** Something due at an instant, when the first of the two clocks says so. Stands in at most one scheduler, once. */
export interface Task {
  /** The scheduler's own. */
  scheduled?: Slot | undefined
  /** Fired late, because something blocked the event loop, it lets one poll of the sockets pass first: what it waits for may lie there. */
  readonly patient?: boolean
  /** Called when due. May schedule and cancel tasks, itself among them. */
  fire(now: Instant): void
}

/** A task's place. Made once for each task: scheduling it anew moves it. */
export interface Slot {
  readonly task: Task
  /** When it is due. */
  monotonicMs: number
  /** The same by the other clock; never, where the monotonic one alone decides. */
  wallMs: number
  /** When it is due by the monotonic clock, as far as is known of the wall clock. */
  dueMs: number
  /** Where it stands, if it does: among those about to be fired, at last. */
  list: Slot[] | undefined
  index: number
}

/** How long a change of the wall clock, or a sleep of the machine, may go unnoticed by timers. */
const HEARTBEAT_MS = 250
/** The wall clock is slewed all the time; only more than this is taken for a jump. */
const JUMP_MS = 5
/** Timers fire so late only where something blocks the event loop. */
const LATE_MS = 20

/** A browser's globals, as some test runners have them, lack the one that is exact. */
const afterPoll = globalThis.setImmediate ?? setTimeout

/**
 * All timers of one `Locks` behind one timer. Tasks stand in no order: most are cancelled, or moved, before they are due. What is due soon stands apart, to be
 * looked through when the timer fires; the rest is looked through once in a heartbeat.
 */
export class Scheduler {
  stopped: boolean
  readonly #clock: Clock
  readonly #afterPass: () => void
  #near: Slot[] = []
  #far: Slot[] = []
  /** What is due before stands in `#near`. */
  #horizonMs = -NEVER_MS
  #cancelTimer: (() => void) | undefined
  #armedForMs = NEVER_MS
  #wallAheadMs: number

  /** `afterPass` runs when every due task has fired: the moment to send what they collected. */
  constructor(clock: Clock, afterPass: () => void = () => {}) {
    this.stopped = false
    this.#clock = clock
    this.#afterPass = afterPass
    const now = clock.now()
    this.#wallAheadMs = now.wallMs - now.monotonicMs
  }

  /** Puts the task in, or moves it. */
  schedule(task: Task, { monotonicMs, wallMs }: Instant): void {
    this.#put(task, monotonicMs, wallMs)
  }

  /** Once, by the monotonic clock alone: for waits, which a change of the wall clock must not end. */
  after(delayMs: number, task: Task, since = this.#clock.now()): void {
    this.#put(task, since.monotonicMs + delayMs, NEVER_MS)
  }

  pause(ms: number): Promise<unknown> {
    return new Promise<unknown>((fire) => this.after(ms, { fire }))
  }

  /** The timer stays armed: it finds nothing due and arms itself for what is next. Re-arming here would cost every release. */
  cancel({ scheduled: slot }: Task): void {
    if (slot) move(slot, undefined)
  }

  /** Drops every task, for good. */
  stop(): void {
    this.stopped = true
    for (const slot of this.#all) move(slot, undefined)
    this.#disarm()
  }

  #put(task: Task, monotonicMs: number, wallMs: number): void {
    if (this.stopped) return
    task.scheduled ??= { task, monotonicMs, wallMs, dueMs: monotonicMs, list: undefined, index: 0 }
    const slot = task.scheduled
    slot.monotonicMs = monotonicMs
    slot.wallMs = wallMs
    this.#place(slot)
    if (slot.dueMs < this.#armedForMs) this.#arm(slot.dueMs)
  }

  /** As long as both clocks agree, it is due by the monotonic one: the other tells whole milliseconds, and would tear apart what is due together. */
  #place(slot: Slot): void {
    slot.dueMs = Math.min(slot.monotonicMs, slot.wallMs + JUMP_MS - this.#wallAheadMs)
    move(slot, slot.dueMs < this.#horizonMs ? this.#near : this.#far)
  }

  #pass(): void {
    this.#disarm()
    const now = this.#clock.now()
    const { monotonicMs: nowMs } = now
    this.#follow(now)
    const late: Slot[] = []
    const onTime: Slot[] = []
    const due = this.#near.filter(({ dueMs }) => dueMs <= nowMs).sort((one, other) => one.dueMs - other.dueMs)
    for (const slot of due) move(slot, slot.task.patient && nowMs - slot.dueMs > LATE_MS ? late : onTime)
    if (late.length > 0) afterPoll(() => this.#fire(late, this.#clock.now()))
    this.#fire(onTime, now)
    if (this.#near.length + this.#far.length === 0) return
    let nextMs = this.#horizonMs
    for (const { dueMs } of this.#near) nextMs = Math.min(nextMs, dueMs)
    this.#arm(nextMs)
  }

  /** What one of them cancels, or schedules anew, does not stand there any more. */
  #fire(slots: readonly Slot[], now: Instant): void {
    for (const slot of [...slots]) {
      if (slot.list !== slots || this.stopped) continue
      move(slot, undefined)
      slot.task.fire(now)
    }
    this.#afterPass()
  }

  #follow({ monotonicMs, wallMs }: Instant): void {
    const aheadMs = wallMs - monotonicMs
    if (Math.abs(aheadMs - this.#wallAheadMs) > JUMP_MS) {
      // After a jump, what is due by the wall clock is due at other times of the monotonic one.
      this.#wallAheadMs = aheadMs
      for (const slot of this.#all) this.#place(slot)
    }
    if (monotonicMs + HEARTBEAT_MS < this.#horizonMs) return
    // The timer fires once in a heartbeat: whatever is due before it fires next is near.
    this.#horizonMs = monotonicMs + 2 * HEARTBEAT_MS
    for (const slot of this.#far.filter(({ dueMs }) => dueMs < this.#horizonMs)) this.#place(slot)
  }

  get #all(): Slot[] {
    return [...this.#near, ...this.#far]
  }

  #arm(nextMs: number): void {
    this.#disarm()
    const nowMs = this.#clock.now().monotonicMs
    // Rounded up: a timer that fires a fraction early would find nothing due.
    const delayMs = Math.min(HEARTBEAT_MS, Math.max(1, Math.ceil(nextMs - nowMs)))
    this.#armedForMs = nowMs + delayMs
    this.#cancelTimer = inNoContext(() => this.#clock.setTimer(delayMs, () => this.#pass()))
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#armedForMs = NEVER_MS
  }
}

/** Takes it out of its list, where the last takes its place, and puts it into another one, if one is named. */
function move(slot: Slot, to: Slot[] | undefined): void {
  const { list, index } = slot
  const last = list?.pop()
  if (list && last && last !== slot) {
    list[index] = last
    last.index = index
  }
  slot.list = to
  if (to) slot.index = to.push(slot) - 1
}
