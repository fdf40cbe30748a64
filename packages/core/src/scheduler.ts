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
  /** By both clocks; undefined where the monotonic one alone decides. */
  due: Instant | undefined
  /** When it is due by the monotonic clock, as far as is known of the wall clock. */
  dueMs: number
  /** Where it stands, if it does. */
  list: Slot[] | undefined
  index: number
  /** Taken out, and about to be fired, unless it is cancelled or scheduled anew before. */
  firing: boolean
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
  stopped = false
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
    this.#clock = clock
    this.#afterPass = afterPass
    const now = clock.now()
    this.#wallAheadMs = now.wallMs - now.monotonicMs
  }

  /** Puts the task in, or moves it. */
  schedule(task: Task, due: Instant): void {
    this.#put(task, due, this.#dueMs(due))
  }

  /** Once, by the monotonic clock alone: for waits, which a change of the wall clock must not end. */
  after(delayMs: number, task: Task, since = this.#clock.now()): void {
    this.#put(task, undefined, since.monotonicMs + delayMs)
  }

  pause(ms: number): Promise<unknown> {
    return new Promise<unknown>((fire) => this.after(ms, { fire }))
  }

  /** The timer stays armed: it finds nothing due and arms itself for what is next. Re-arming here would cost every release. */
  cancel({ scheduled: slot }: Task): void {
    if (slot) take(slot)
  }

  /** Drops every task, for good. */
  stop(): void {
    this.stopped = true
    for (const slot of this.#takeAll()) slot.list = undefined
    this.#disarm()
  }

  #put(task: Task, due: Instant | undefined, dueMs: number): void {
    if (this.stopped) return
    task.scheduled ??= { task, due, dueMs, list: undefined, index: 0, firing: false }
    const slot = task.scheduled
    take(slot)
    slot.due = due
    slot.dueMs = dueMs
    this.#add(slot)
    if (dueMs < this.#armedForMs) this.#arm(dueMs, this.#clock.now())
  }

  #add(slot: Slot): void {
    slot.list = slot.dueMs < this.#horizonMs ? this.#near : this.#far
    slot.index = slot.list.push(slot) - 1
  }

  #pass(): void {
    this.#disarm()
    const now = this.#clock.now()
    this.#followWallClock(now)
    this.#followTime(now.monotonicMs)
    const due = this.#near.filter(({ dueMs }) => dueMs <= now.monotonicMs).sort((one, other) => one.dueMs - other.dueMs)
    const late: Slot[] = []
    const onTime: Slot[] = []
    for (const slot of due) {
      take(slot)
      slot.firing = true
      if (slot.task.patient && now.monotonicMs - slot.dueMs > LATE_MS) late.push(slot)
      else onTime.push(slot)
    }
    if (late.length > 0) afterPoll(() => this.#fire(late, this.#clock.now()))
    this.#fire(onTime, now)
    if (this.#near.length + this.#far.length === 0) return
    let nextMs = this.#horizonMs
    for (const { dueMs } of this.#near) nextMs = Math.min(nextMs, dueMs)
    this.#arm(nextMs, this.#clock.now())
  }

  #fire(slots: readonly Slot[], now: Instant): void {
    for (const slot of slots) {
      if (!slot.firing || this.stopped) continue
      slot.firing = false
      slot.task.fire(now)
    }
    this.#afterPass()
  }

  /** The timer fires once in a heartbeat: whatever is due before it fires next is near. */
  #followTime(nowMs: number): void {
    if (nowMs + HEARTBEAT_MS < this.#horizonMs) return
    this.#horizonMs = nowMs + 2 * HEARTBEAT_MS
    for (const slot of this.#far.filter(({ dueMs }) => dueMs < this.#horizonMs)) {
      take(slot)
      this.#add(slot)
    }
  }

  /** After a jump, what is due by the wall clock is due at other times of the monotonic one. */
  #followWallClock(now: Instant): void {
    const aheadMs = now.wallMs - now.monotonicMs
    if (Math.abs(aheadMs - this.#wallAheadMs) <= JUMP_MS) return
    this.#wallAheadMs = aheadMs
    for (const slot of this.#takeAll()) {
      if (slot.due) slot.dueMs = this.#dueMs(slot.due)
      this.#add(slot)
    }
  }

  #takeAll(): Slot[] {
    const all = [...this.#near, ...this.#far]
    this.#near = []
    this.#far = []
    return all
  }

  /** As long as both clocks agree, by the monotonic one: the other tells whole milliseconds, and would tear apart what is due together. */
  #dueMs(due: Instant): number {
    return Math.min(due.monotonicMs, due.wallMs + JUMP_MS - this.#wallAheadMs)
  }

  #arm(nextMs: number, now: Instant): void {
    this.#disarm()
    // Rounded up: a timer that fires a fraction early would find nothing due.
    const delayMs = Math.min(HEARTBEAT_MS, Math.max(1, Math.ceil(nextMs - now.monotonicMs)))
    this.#armedForMs = now.monotonicMs + delayMs
    this.#cancelTimer = inNoContext(() => this.#clock.setTimer(delayMs, () => this.#pass()))
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#armedForMs = NEVER_MS
  }
}

/** The last of the list takes its place. */
function take(slot: Slot): void {
  const { list, index } = slot
  slot.firing = false
  slot.list = undefined
  const last = list?.pop()
  if (!list || !last || last === slot) return
  list[index] = last
  last.index = index
}
