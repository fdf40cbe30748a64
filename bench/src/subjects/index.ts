import type { Subject } from '../subject.ts'
import { etcd } from './etcd.ts'
import { memory } from './memory.ts'
import { postgresAdvisorySubject, postgresRowsSubject } from './postgres.ts'
import { redis } from './redis.ts'

/** By name. */
export const subjects: ReadonlyMap<string, Subject> = new Map(
  [memory, redis, postgresAdvisorySubject, postgresRowsSubject, etcd].map((subject) => [subject.name, subject]),
)
