import type { Claim } from '../contract.ts'

/** A case that runs for long notes more than anybody reads: what is kept is the end. */
const LINES = 24

/** What a case did and what it was answered, in words: shown where it fails. Claims and keys are numbered, so that two lines can be held against each other. */
export class Diary {
  readonly #nowMs: () => number
  readonly #begunMs: number
  readonly #claims = new Map<string, number>()
  readonly #keys = new Map<string, number>()
  readonly #lines: string[] = []
  #dropped = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#begunMs = nowMs()
  }

  /** Notes one request and its answer. */
  async record<R>(what: string, claims: readonly Claim[], send: () => Promise<R>): Promise<R> {
    const sentMs = this.#nowMs()
    const note = (answer: string) =>
      this.#note(sentMs, `${what} ${this.#name(claims)}: ${answer}, after ${(this.#nowMs() - sentMs).toFixed(1)} ms`)
    try {
      const answer = await send()
      note(told(answer))
      return answer
    } catch (error) {
      note(String(error))
      throw error
    }
  }

  toString(): string {
    const before = this.#dropped > 0 ? [`… ${this.#dropped} earlier requests`] : []
    return [...before, ...this.#lines].join('\n')
  }

  #note(sentMs: number, text: string): void {
    this.#lines.push(`${(sentMs - this.#begunMs).toFixed(1).padStart(9)} ms  ${text}`)
    if (this.#lines.length <= LINES) return
    this.#lines.shift()
    this.#dropped += 1
  }

  #name(claims: readonly Claim[]): string {
    const [first] = claims
    if (first === undefined) return ''
    const one = `claim ${ordinal(this.#claims, first.holder)} on key ${ordinal(this.#keys, first.key)}`
    return claims.length === 1 ? one : `${one} and ${claims.length - 1} more`
  }
}

function ordinal(numbers: Map<string, number>, name: string): number {
  const number = numbers.get(name) ?? numbers.size + 1
  numbers.set(name, number)
  return number
}

function told(answer: unknown): string {
  if (Array.isArray(answer)) return answer.length === 1 ? told(answer[0]) : counted(answer)
  if (typeof answer !== 'object' || answer === null) return String(answer)
  const { granted, ttlMs, fencingToken, remainingMs } = answer as Partial<Record<string, unknown>>
  if (granted === true) return `granted for ${ttlMs} ms with token ${fencingToken}`
  if (granted === false) return remainingMs === undefined ? 'contended' : `contended for another ${remainingMs} ms`
  return `token ${fencingToken} for another ${remainingMs} ms`
}

function counted(answers: readonly unknown[]): string {
  const counts = new Map<string, number>()
  for (const answer of answers) {
    const kind = typeof answer === 'object' ? 'granted' : String(answer)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'no answer'
}

/** An error with all that is behind it, in one line each. */
export function chain(error: unknown): string {
  const seen = new Set<unknown>()
  const lines: string[] = []
  for (let each = error; each !== undefined && !seen.has(each); each = (each as { cause?: unknown } | null)?.cause) {
    seen.add(each)
    lines.push(lines.length === 0 ? String(each) : `  because of ${String(each)}`)
  }
  return lines.join('\n')
}
