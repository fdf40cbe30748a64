/** The timeline of one run, for people. Holders are numbered in the order of their appearance: ids differ from run to run. */
export class Trace {
  readonly lines: string[] = []
  readonly #trueNow: () => number
  readonly #holders = new Map<string, string>()

  constructor(trueNow: () => number) {
    this.#trueNow = trueNow
  }

  note(who: string, what: string): void {
    this.lines.push(`${this.#trueNow().toFixed(3).padStart(10)}  ${who.padEnd(8)} ${what}`)
  }

  holder(id: string): string {
    const known = this.#holders.get(id)
    if (known !== undefined) return known
    const name = `#${this.#holders.size + 1}`
    this.#holders.set(id, name)
    return name
  }
}
