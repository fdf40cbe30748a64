import { setTimeout as pause } from 'node:timers/promises'
import { TEST_CARDS } from '../payment/bank.ts'
import type { LabNode } from './lab-node.ts'
import type { Timeline } from './timeline.ts'

const ASK_AGAIN_MS = 100

interface Answer {
  readonly status: number
  readonly id: string
}

const NO_ANSWER: Answer = { status: 0, id: '' }

/** Wants the seat, at one of the servers, and asks again until it is sold. A customer like any other: over HTTP. */
export class Customer {
  readonly node: LabNode
  readonly #seat: string
  readonly #timeline: Timeline
  readonly #knownAs: (hold: string) => void
  #cookie = ''

  constructor(node: LabNode, seat: string, timeline: Timeline, knownAs: (hold: string) => void) {
    this.node = node
    this.#seat = seat
    this.#timeline = timeline
    this.#knownAs = knownAs
  }

  /** Resolves when there is nothing more to try, or the server has died. */
  async shop(isSold: () => boolean): Promise<void> {
    let isRefused = false
    while (!isSold()) {
      const held = await this.#send('/api/holds', { seats: [this.#seat] })
      if (held.status === 201 && (await this.#buy(held.id))) return
      if (held.status === 0) return
      if (held.status !== 201 && !isRefused) this.#say('plain', 'Asks for the seat: taken. Asks again and again.')
      isRefused = true
      await pause(ASK_AGAIN_MS)
    }
  }

  /** False: the hold was over before it was paid. */
  async #buy(id: string): Promise<boolean> {
    this.#knownAs(id)
    this.#say('plain', 'Asks for the seat: it may have it. Takes the payment.')
    const paid = await this.#send(`/api/holds/${id}/payment`, { name: this.node.name, card: CARD })
    if (paid.status === 410) {
      this.#say('warn', 'The hold was over before it was paid. Asks again.')
      return false
    }
    if (paid.status !== 200) return true
    const confirmed = await this.#send(`/api/holds/${id}/confirmation`)
    if (confirmed.status === 200) this.#say('plain', 'Tells its customer: the seat is yours.')
    else if (confirmed.status > 0) this.#say('plain', 'Tells its customer: not sold to you.')
    return true
  }

  #say(tone: 'plain' | 'warn', text: string): void {
    this.#timeline.note(this.node.name, tone, text)
  }

  async #send(path: string, body?: unknown): Promise<Answer> {
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: this.#cookie },
      body: body === undefined ? null : JSON.stringify(body),
    }
    const response = await fetch(this.node.address + path, request).catch(() => undefined)
    if (response === undefined) return NO_ANSWER
    this.#cookie ||= response.headers.get('set-cookie')?.split(';')[0] ?? ''
    const { id = '' } = (await response.json().catch(() => ({}))) as { id?: string }
    return { status: response.status, id }
  }
}

/** Lets every checkout stand between its look and its write, until the lab says how it goes on. */
const CARD = TEST_CARDS.freezesTheCheckout
