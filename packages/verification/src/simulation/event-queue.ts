export interface ScheduledEvent {
  readonly atMs: number
  /** Breaks ties: events of one instant happen in the order in which they were scheduled. */
  readonly order: number
  /** Left out: nothing happens, the world is only looked at. */
  readonly happen: (() => void) | undefined
  cancelled: boolean
}

/** A binary heap: the earliest event first. */
export class EventQueue {
  readonly #heap: ScheduledEvent[] = []

  add(event: ScheduledEvent): void {
    this.#heap.push(event)
    this.#rise(this.#heap.length - 1)
  }

  /** Removes and returns the next event that is not cancelled and due at `untilMs` or before. */
  takeUntil(untilMs: number): ScheduledEvent | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#removeFirst()
      if (!first.cancelled) return first
    }
    return undefined
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #sink(from: number): void {
    let index = from
    for (;;) {
      const child = this.#earlierChild(index)
      if (child === undefined || !this.#swapIfEarlier(child, index)) return
      index = child
    }
  }

  #earlierChild(parent: number): number | undefined {
    const left = parent * 2 + 1
    const right = left + 1
    if (left >= this.#heap.length) return undefined
    return right < this.#heap.length && this.#earlier(right, left) ? right : left
  }

  #earlier(one: number, other: number): boolean {
    const a = this.#heap[one] as ScheduledEvent
    const b = this.#heap[other] as ScheduledEvent
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    if (!this.#earlier(child, parent)) return false
    const moved = this.#heap[child] as ScheduledEvent
    this.#heap[child] = this.#heap[parent] as ScheduledEvent
    this.#heap[parent] = moved
    return true
  }
}
