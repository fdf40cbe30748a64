import { availableParallelism } from 'node:os'

/** How many files of tests run at once: most of their time they wait for the ends of TTLs and for servers to come back, so that each processor can serve several. */
export const workers = availableParallelism() * 2
