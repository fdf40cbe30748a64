import { TEST_CARDS } from '../src/payment/bank.ts'

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** A browser without a page: it keeps its cookie. */
export class Visitor {
  readonly #address: string
  #cookie = ''

  constructor(address: string) {
    this.#address = address
  }

  hold(seats: unknown): Promise<Answer> {
    return this.send('POST', '/api/holds', { seats })
  }

  /** Holds the seats and says by which name; for tests in which that must succeed. */
  async held(...seats: string[]): Promise<string> {
    const { status, body } = await this.hold(seats)
    if (status !== 201) throw new Error(`The hold was refused: ${JSON.stringify(body)}`)
    return String(body['id'])
  }

  pay(hold: string, card: string = TEST_CARDS.pays, name = 'Ada'): Promise<Answer> {
    return this.send('POST', `/api/holds/${hold}/payment`, { name, card })
  }

  confirm(hold: string): Promise<Answer> {
    return this.send('POST', `/api/holds/${hold}/confirmation`)
  }

  giveUp(hold: string): Promise<Answer> {
    return this.send('DELETE', `/api/holds/${hold}`)
  }

  look(hold: string): Promise<Answer> {
    return this.send('GET', `/api/holds/${hold}`)
  }

  /** A string is sent as it is, anything else as JSON. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.#address + path, {
      method,
      headers: { 'content-type': 'application/json', cookie: this.#cookie, ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    })
    this.#cookie ||= response.headers.get('set-cookie')?.split(';')[0] ?? ''
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
}
