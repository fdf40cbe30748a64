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

/** One entry of the heap: stale, and without its task, as soon as that is cancelled or scheduled anew. */
export interface Slot {
  task: Task | undefined
  readonly due: Instant
  /** When it is due by the monotonic clock, as far as is known of the wall clock. */
  dueMs: number
}

/** How long a change of the wall clock, or a sleep of the machine, may go unnoticed by timers. */
const HEARTBEAT_MS = 250
/** The wall clock is slewed all the time; only more than this is taken for a jump. */
const JUMP_MS = 5
/** Timers fire so late only where something blocks the event loop. */
const LATE_MS = 20
/** Stale entries that are worth sweeping. The count may be too high: a task may be cancelled between being taken out and being fired. */
const SWEEP = 64

const isLive = (slot: Slot): boolean => slot.task !== undefined

/** A browser's globals, as some test runners have them, lack the one that is exact. */
const afterPoll = globalThis.setImmediate ?? setTimeout

/** All timers of one `Locks` in one heap behind one timer. */
export class Scheduler {
  stopped = false
  readonly #clock: Clock
  readonly #afterPass: () => void
  #heap: Slot[] = []
  #stale = 0
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
    this.cancel(task)
    if (this.stopped) return
    const slot: Slot = { task, due, dueMs: this.#dueMs(due) }
    task.scheduled = slot
    this.#push(slot)
    if (slot.dueMs < this.#armedForMs) this.#arm(this.#clock.now())
  }

  /** Once, by the monotonic clock alone: for waits, which a change of the wall clock must not end. */
  after(delayMs: number, task: Task, since = this.#clock.now()): void {
    this.schedule(task, { monotonicMs: since.monotonicMs + delayMs, wallMs: NEVER_MS })
  }

  /** The timer stays armed: it finds nothing due and arms itself for what is next. Re-arming here would cost every release. */
  cancel(task: Task): void {
    if (!task.scheduled) return
    // The slot stays in the heap for a while: whatever the task refers to must not.
    task.scheduled.task = undefined
    task.scheduled = undefined
    this.#stale += 1
    if (this.#stale > SWEEP && this.#stale > this.#heap.length / 2) this.#sweep()
  }

  /** Drops every task, for good. */
  stop(): void {
    this.stopped = true
    for (const { task } of this.#heap) if (task) task.scheduled = undefined
    this.#heap = []
    this.#disarm()
  }

  #pass(): void {
    this.#disarm()
    const now = this.#clock.now()
    this.#followWallClock(now)
    const due: Slot[] = []
    const late: Slot[] = []
    for (const slot of this.#takeDue(now)) {
      const isLate = slot.task?.patient && now.monotonicMs - slot.dueMs > LATE_MS
      if (isLate) late.push(slot)
      else due.push(slot)
    }
    if (late.length > 0) afterPoll(() => this.#fire(late, this.#clock.now()))
    this.#fire(due, now)
    if (this.#stale >= this.#heap.length) this.#sweep()
    this.#arm(this.#clock.now())
  }

  #fire(slots: readonly Slot[], now: Instant): void {
    for (const slot of slots) {
      const { task } = slot
      if (!task || this.stopped) continue
      slot.task = undefined
      task.scheduled = undefined
      task.fire(now)
    }
    this.#afterPass()
  }

  #takeDue(now: Instant): Slot[] {
    const due: Slot[] = []
    for (let first = this.#heap[0]; first && first.dueMs <= now.monotonicMs; first = this.#heap[0]) {
      this.#pop()
      if (isLive(first)) due.push(first)
      else this.#stale -= 1
    }
    return due
  }

  /** After a jump, what is due by the wall clock is due at other times of the monotonic one. */
  #followWallClock(now: Instant): void {
    const aheadMs = now.wallMs - now.monotonicMs
    if (Math.abs(aheadMs - this.#wallAheadMs) <= JUMP_MS) return
    this.#wallAheadMs = aheadMs
    for (const slot of this.#heap) slot.dueMs = this.#dueMs(slot.due)
    this.#sweep()
  }

  /** Drops what is stale. A sorted array is a heap. */
  #sweep(): void {
    this.#heap = this.#heap.filter(isLive).sort((one, other) => one.dueMs - other.dueMs)
    this.#stale = 0
  }

  /** As long as both clocks agree, by the monotonic one: the other tells whole milliseconds, and would tear apart what is due together. */
  #dueMs(due: Instant): number {
    return Math.min(due.monotonicMs, due.wallMs + JUMP_MS - this.#wallAheadMs)
  }

  #arm(now: Instant): void {
    const first = this.#heap[0]
    if (!first) return
    this.#disarm()
    // Rounded up: a timer that fires a fraction early would find nothing due.
    const delayMs = Math.min(HEARTBEAT_MS, Math.max(1, Math.ceil(first.dueMs - now.monotonicMs)))
    this.#armedForMs = now.monotonicMs + delayMs
    this.#cancelTimer = inNoContext(() => this.#clock.setTimer(delayMs, () => this.#pass()))
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#armedForMs = NEVER_MS
  }

  #push(slot: Slot): void {
    const heap = this.#heap
    let index = heap.length
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex] as Slot
      if (parent.dueMs <= slot.dueMs) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = slot
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const right = heap[left + 1]
      const childIndex = right && right.dueMs < (heap[left] as Slot).dueMs ? left + 1 : left
      const child = heap[childIndex]
      if (!child || child.dueMs >= last.dueMs) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }
}
