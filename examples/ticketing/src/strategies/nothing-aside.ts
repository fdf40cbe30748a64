import type { Database } from '../database/database.ts'
import { areUnsold } from '../database/orders.ts'
import type { Strategy } from './strategy.ts'

/** All that comes before the sale, where nothing is set aside: anybody may buy the seats until somebody has. */
export const settingNothingAside = (db: Database): Pick<Strategy, 'take' | 'keep' | 'giveBack' | 'isOver'> => ({
  async take(hold, seats) {
    if (!(await areUnsold(db, seats))) return undefined
    return { reservation: { hold, seats, handles: [] }, remainingMs: undefined }
  },
  keep: async (reservation) => ({ reservation, remainingMs: undefined }),
  giveBack: async () => {},
  isOver: async () => true,
})
