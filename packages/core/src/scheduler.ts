import { type Clock, type Instant, msUntil, shift } from './clock.ts'

/** Something due at an instant: when the first of the two clocks says so. One task stands in at most one scheduler. */
export interface Task {
  due: Instant
  /** Where the task stands in the heap; -1 outside. The scheduler's own. */
  heapIndex: number
  /** Called when due. May schedule and cancel tasks, itself among them. */
  fire(now: Instant): void
}

/** How long a change of the wall clock, or a sleep of the machine, may go unnoticed by timers. */
const HEARTBEAT_MS = 1000
/** The wall clock is slewed all the time; only more than this is taken for a jump. */
const JUMP_MS = 5

/** All timers of one `Locks` in one heap behind one timer. */
export class Scheduler {
  readonly #clock: Clock
  readonly #afterPass: () => void
  readonly #heap: Task[] = []
  #cancelTimer: (() => void) | undefined
  #armedForMs = Number.POSITIVE_INFINITY
  stopped = false
  #wallAheadMs = Number.NEGATIVE_INFINITY

  /** `afterPass` runs when every due task has fired: the moment to send what they collected. */
  constructor(clock: Clock, afterPass: () => void = () => {}) {
    this.#clock = clock
    this.#afterPass = afterPass
  }

  /** Puts the task in, or moves it. */
  schedule(task: Task, due: Instant): void {
    if (this.stopped) return
    task.due = due
    if (task.heapIndex < 0) this.#place(task, this.#heap.length)
    this.#siftUp(task)
    this.#siftDown(task)
    if (due.monotonicMs < this.#armedForMs) this.#arm(this.#clock.now())
  }

  after(delayMs: number, fire: () => void): Task {
    const due = shift(this.#clock.now(), delayMs)
    const task = { due, heapIndex: -1, fire }
    this.schedule(task, due)
    return task
  }

  cancel(task: Task): void {
    const index = task.heapIndex
    if (index < 0) return
    task.heapIndex = -1
    const last = this.#heap.pop() as Task
    if (last === task) return
    this.#place(last, index)
    this.#siftUp(last)
    this.#siftDown(last)
    // The timer stays armed: it finds nothing due and arms itself for what is next. Re-arming here would cost every release.
  }

  /** Drops every task, for good. */
  stop(): void {
    this.stopped = true
    for (const task of this.#heap) task.heapIndex = -1
    this.#heap.length = 0
    this.#disarm()
  }

  #pass(): void {
    this.#disarm()
    const now = this.#clock.now()
    for (const task of this.#takeDue(now)) if (task.heapIndex < 0) task.fire(now)
    this.#afterPass()
    if (this.#heap.length > 0) this.#arm(this.#clock.now())
  }

  #takeDue(now: Instant): Task[] {
    const due: Task[] = []
    if (this.#wallClockJumped(now)) {
      for (const task of this.#heap) if (msUntil(task.due, now) <= 0) due.push(task)
      for (const task of due) this.cancel(task)
      return due
    }
    for (let first = this.#heap[0]; first !== undefined && msUntil(first.due, now) <= 0; first = this.#heap[0]) {
      this.cancel(first)
      due.push(first)
    }
    return due
  }

  #wallClockJumped(now: Instant): boolean {
    const aheadMs = now.wallMs - now.monotonicMs
    const jumped = Math.abs(aheadMs - this.#wallAheadMs) > JUMP_MS
    if (jumped) this.#wallAheadMs = aheadMs
    return jumped
  }

  #arm(now: Instant): void {
    const first = this.#heap[0]
    if (first === undefined) return
    this.#disarm()
    // Rounded up: a timer that fires a fraction early would find nothing due.
    const delayMs = Math.min(HEARTBEAT_MS, Math.max(0, Math.ceil(first.due.monotonicMs - now.monotonicMs)))
    this.#armedForMs = now.monotonicMs + delayMs
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => this.#pass())
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#armedForMs = Number.POSITIVE_INFINITY
  }

  #place(task: Task, index: number): void {
    this.#heap[index] = task
    task.heapIndex = index
  }

  #siftUp(task: Task): void {
    while (task.heapIndex > 0) {
      const parent = this.#heap[(task.heapIndex - 1) >> 1] as Task
      if (parent.due.monotonicMs <= task.due.monotonicMs) return
      this.#swap(parent, task)
    }
  }

  #siftDown(task: Task): void {
    for (;;) {
      const left = this.#heap[2 * task.heapIndex + 1]
      const right = this.#heap[2 * task.heapIndex + 2]
      const child =
        right !== undefined && left !== undefined && right.due.monotonicMs < left.due.monotonicMs ? right : left
      if (child === undefined || child.due.monotonicMs >= task.due.monotonicMs) return
      this.#swap(task, child)
    }
  }

  #swap(upper: Task, lower: Task): void {
    const index = upper.heapIndex
    this.#place(upper, lower.heapIndex)
    this.#place(lower, index)
  }
}
