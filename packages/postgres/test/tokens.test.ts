import type { Claim } from '@leasehold/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresRows, prune, schemaSql } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const CONTENDERS = 200

const database = await openDatabase()
const { pool, schema } = database
afterAll(database.stop)

/** What is tested here is the real SQL, with a pause between the draw of a token and whatever the statement does with it. */
const slowly = (sql: string): string => sql.replaceAll('nextval(', `${schema}.slow_nextval(`)

const SLOW_DRAW = `
  create function ${schema}.slow_nextval(name regclass) returns bigint language plpgsql as $$
  declare
    drawn bigint := nextval(name);
  begin
    perform pg_sleep(random() * 0.005);
    return drawn;
  end $$`

/** Written while the row is locked: in the order of the grants. */
const AUDIT = `
  create table ${schema}.grants (place bigserial, key text, token bigint);
  create function ${schema}.note() returns trigger language plpgsql as $$
  begin
    insert into ${schema}.grants (key, token) values (new.key, new.token);
    return null;
  end $$`

const audited = (table: string): string => `
  create trigger inserted after insert on ${schema}.${table} for each row when (new.token > 0)
    execute function ${schema}.note();
  create trigger updated after update on ${schema}.${table} for each row when (new.token <> old.token)
    execute function ${schema}.note()`

/** As it stands in many libraries. */
const NAIVE_TABLE = `create table ${schema}.naive (key text primary key, holder text, token bigint, expires_at timestamptz)`
const NAIVE_ACQUIRE = slowly(`
  insert into ${schema}.naive as held (key, holder, token, expires_at)
    values ($1, $2, nextval('${schema}.fencing_tokens'), clock_timestamp() + $3 * interval '1 millisecond')
    on conflict (key) do update
      set holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at
      where held.expires_at <= clock_timestamp()
    returning token`)
const NAIVE_RELEASE = `update ${schema}.naive set expires_at = 'epoch' where key = $1 and holder = $2`

/** Half of the holders release, the others let their hold expire. */
async function contend(
  acquire: (claim: Claim) => Promise<boolean>,
  release: (claim: Claim) => Promise<unknown>,
  key: string,
) {
  const visit = async (_: unknown, index: number) => {
    const claim = claimOn(key)
    while (!(await acquire(claim)));
    if (index % 2 === 0) await release(claim)
  }
  await Promise.all(Array.from({ length: CONTENDERS }, visit))
}

async function grantsOf(key: string): Promise<bigint[]> {
  const { rows } = await pool.query<{ token: string }>(
    `select token from ${schema}.grants where key = $1 order by place`,
    [key],
  )
  return rows.map(({ token }) => BigInt(token))
}

const stepsBack = (tokens: readonly bigint[]): number =>
  tokens.filter((token, index) => token <= (tokens[index - 1] ?? 0n)).length

describe('fencing tokens, drawn slowly, with hundreds of contenders, releases and expiries', () => {
  beforeAll(async () => {
    for (const sql of [SLOW_DRAW, AUDIT, NAIVE_TABLE, audited('naive'), audited('leases')]) await pool.query(sql)
    await pool.query(slowly(schemaSql({ schema })))
  })

  it('go back with the naive insert on conflict: this test can tell', async () => {
    const acquire = async ({ key, holder }: Claim) =>
      (await pool.query(NAIVE_ACQUIRE, [key, holder, 5])).rows.length > 0
    await contend(acquire, ({ key, holder }) => pool.query(NAIVE_RELEASE, [key, holder]), 'naive')
    expect(stepsBack(await grantsOf('naive'))).toBeGreaterThan(0)
  })

  it('strictly increase in the order of the grants', async () => {
    const backend = postgresRows({ pool, schema })
    await contend(async (claim) => (await backend.tryAcquire(claim, terms(5))).granted, backend.release, 'rows')
    const tokens = await grantsOf('rows')
    expect(tokens.length).toBeGreaterThanOrEqual(CONTENDERS)
    expect(stepsBack(tokens)).toBe(0)
  })

  it('strictly increase while rows of free keys are deleted, and keys are taken in groups', async () => {
    const backend = postgresRows({ pool, schema })
    let pruned = 0
    const acquire = async (claim: Claim) => {
      const answer = await backend.tryAcquireAll?.([{ ...claim, key: 'pruned, too' }, claim], terms(5))
      const deleted = await prune(pool, { schema })
      pruned += deleted
      return Array.isArray(answer)
    }
    await contend(acquire, backend.release, 'pruned')
    expect(pruned).toBeGreaterThan(0)
    const tokens = await grantsOf('pruned')
    expect(tokens.length).toBeGreaterThanOrEqual(CONTENDERS)
    expect(stepsBack(tokens)).toBe(0)
  })
})
