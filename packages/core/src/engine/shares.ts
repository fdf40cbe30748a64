import type { Inspection, Share } from '../contract.ts'
import type { LockHall, Shares } from './hall.ts'
import type { Hold } from './hold.ts'
import { type DeskOwner, ShareDesk } from './share-desk.ts'

type Kind = Share['kind']

/** The keys of which this process has a part, or wants one. */
class SharedKeys implements Shares, DeskOwner {
  readonly #hall: LockHall
  readonly #desks = new Map<string, ShareDesk>()

  constructor(hall: LockHall) {
    this.#hall = hall
  }

  get desks(): Iterable<ShareDesk> {
    return this.#desks.values()
  }

  desk(key: string, { kind }: Share): ShareDesk {
    let desk = this.#desks.get(nameOf(key, kind))
    if (!desk) {
      desk = new ShareDesk(this.#hall, this, key, kind)
      this.#desks.set(nameOf(key, kind), desk)
    }
    return desk
  }

  holds(key: string): Hold[] {
    return (['shared', 'permits'] as const).flatMap((kind) => this.#desks.get(nameOf(key, kind))?.holds ?? [])
  }

  standTogether({ claim, slots }: Hold, { share, slots: theirs = [] }: Inspection): boolean {
    return !!share && share.kind === claim.share?.kind && !theirs.some((slot) => slots.includes(slot))
  }

  empty(desk: ShareDesk): void {
    const name = nameOf(desk.key, desk.kind)
    if (this.#desks.get(name) === desk) this.#desks.delete(name)
  }
}

const nameOf = (key: string, kind: Kind): string => `${kind} ${key}`

/** Only who asks for a part of a key has what parts need. */
export function sharesOf(hall: LockHall): Shares {
  hall.shares ??= new SharedKeys(hall)
  return hall.shares
}
