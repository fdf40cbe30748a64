import { Prng } from '../simulation/prng.ts'
import { damaged } from './damaged.ts'
import { referenceHistory } from './reference-history.ts'

// Histories on one key, one a line, for another checker to judge: see porcupine/README.md.

for (let seed = 1; seed <= 112; seed += 1) {
  const parts = seed % 2 === 0
  const unanswered = [0, 0.1, 0.2][seed % 3] as number
  const whole = referenceHistory(seed, {
    keys: 1,
    clients: 3 + (seed % 2),
    length: 4,
    parts,
    unanswered,
    tellsTtl: false,
  })
  const history = seed % 4 === 0 ? whole : damaged(whole, new Prng(seed, 'damage'))
  console.log(JSON.stringify(history, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)))
}
