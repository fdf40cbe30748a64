import type { World } from './world.ts'

export type Source = 'timer' | 'message'

interface Letter {
  readonly source: Source
  readonly open: () => void
}

/**
 * The only way into a process: every timer and every message is a letter. While the process stands still the letters wait; afterwards they
 * are opened one by one, each in an event of its own, so that its promises settle before the next.
 */
export class Mailbox {
  readonly #world: World
  #letters: Letter[] = []
  #held = false
  #emptying = false

  constructor(world: World) {
    this.#world = world
  }

  post(source: Source, open: () => void): void {
    if (!this.#held && this.#letters.length === 0) open()
    else this.#letters.push({ source, open })
  }

  hold(): void {
    this.#held = true
  }

  /** An event loop that goes on sees its due timers first, or what its sockets have received: both happen. */
  release(first: Source): void {
    this.#held = false
    const isFirst = (letter: Letter) => letter.source === first
    this.#letters = [...this.#letters.filter(isFirst), ...this.#letters.filter((letter) => !isFirst(letter))]
    this.#emptySoon()
  }

  discard(): void {
    this.#letters = []
  }

  #emptySoon(): void {
    if (this.#emptying || this.#letters.length === 0) return
    this.#emptying = true
    this.#world.schedule(0, () => {
      this.#emptying = false
      if (this.#held) return
      this.#letters.shift()?.open()
      this.#emptySoon()
    })
  }
}
