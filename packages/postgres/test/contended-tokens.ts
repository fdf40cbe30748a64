import type { Claim } from '@leasehold/core'
import type pg from 'pg'
import { expect } from 'vitest'
import { postgresRowsBackend, prune, schemaSql } from '../src/index.ts'
import { claimOn, type Database, terms } from './database.ts'

const TTL_MS = 5

/** What is tested here is the real SQL, with a pause between the draw of a token and whatever the statement does with it. */
const slowly = (schema: string, sql: string): string => sql.replaceAll('nextval(', `${schema}.slow_nextval(`)

const slowDraw = (schema: string): string => `
  create function ${schema}.slow_nextval(name regclass) returns bigint language plpgsql as $$
  declare
    drawn bigint := nextval(name);
  begin
    perform pg_sleep(random() * 0.005);
    return drawn;
  end $$`

/** Written while the row is locked: in the order of the grants. */
const audit = (schema: string): string => `
  create table ${schema}.grants (place bigserial, key text, token bigint);
  create function ${schema}.note() returns trigger language plpgsql as $$
  begin
    insert into ${schema}.grants (key, token) values (new.key, new.token);
    return null;
  end $$`

const audited = (schema: string, table: string): string => `
  create trigger inserted after insert on ${schema}.${table} for each row when (new.token > 0)
    execute function ${schema}.note();
  create trigger updated after update on ${schema}.${table} for each row when (new.token <> old.token)
    execute function ${schema}.note()`

/** As it stands in many libraries. */
const naiveTable = (schema: string): string =>
  `create table ${schema}.naive (key text primary key, holder text, token bigint, expires_at timestamptz)`
const naiveAcquire = (schema: string): string =>
  slowly(
    schema,
    `insert into ${schema}.naive as held (key, holder, token, expires_at)
      values ($1, $2, nextval('${schema}.fencing_tokens'), clock_timestamp() + $3 * interval '1 millisecond')
      on conflict (key) do update
        set holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at
        where held.expires_at <= clock_timestamp()
      returning token`,
  )
const naiveRelease = (schema: string): string =>
  `update ${schema}.naive set expires_at = 'epoch' where key = $1 and holder = $2`

/** So many who want one key, of which tokens are drawn slowly: half of the holders release, the others let their hold expire. */
export class ContendedTokens {
  readonly #pool: pg.Pool
  readonly #schema: string
  readonly #contenders: number

  private constructor(pool: pg.Pool, schema: string, contenders: number) {
    this.#pool = pool
    this.#schema = schema
    this.#contenders = contenders
  }

  /** `connections`: so many of them are at it at a time. */
  static async prepare(
    { openPool, schema }: Database,
    { contenders, connections }: { contenders: number; connections: number },
  ): Promise<ContendedTokens> {
    const pool = openPool({ max: connections })
    const statements = [slowDraw, audit, naiveTable].map((sql) => sql(schema))
    for (const sql of [...statements, audited(schema, 'naive'), audited(schema, 'leases')]) await pool.query(sql)
    await pool.query(slowly(schema, schemaSql({ schema })))
    return new ContendedTokens(pool, schema, contenders)
  }

  async naive(): Promise<bigint[]> {
    const [acquire, release] = [naiveAcquire(this.#schema), naiveRelease(this.#schema)]
    await this.#contend(
      async ({ key, holder }) => (await this.#pool.query(acquire, [key, holder, TTL_MS])).rows.length > 0,
      ({ key, holder }) => this.#pool.query(release, [key, holder]),
      'naive',
    )
    return this.#grantsOf('naive')
  }

  async ofRows(): Promise<bigint[]> {
    const backend = this.#rows()
    await this.#contend(
      async (claim) => (await backend.tryAcquire(claim, terms(TTL_MS))).granted,
      backend.release,
      'rows',
    )
    return this.#allGrantsOf('rows')
  }

  /** While rows of free keys are deleted, and keys are taken in groups. */
  async ofPrunedRows(): Promise<bigint[]> {
    const backend = this.#rows()
    let pruned = 0
    const acquire = async (claim: Claim) => {
      const answer = await backend.tryAcquireAll?.([{ ...claim, key: 'pruned, too' }, claim], terms(TTL_MS))
      pruned += await prune(this.#pool, { schema: this.#schema })
      return Array.isArray(answer)
    }
    // Whether a row is free just when it is looked for depends on the machine.
    for (let round = 0; round < 30 && pruned === 0; round += 1) await this.#contend(acquire, backend.release, 'pruned')
    expect(pruned).toBeGreaterThan(0)
    return this.#allGrantsOf('pruned')
  }

  /** Whoever has to wait for the others waits: how long is not what is tested. */
  #rows() {
    return postgresRowsBackend({ pool: this.#pool, schema: this.#schema, statementTimeoutMs: 60_000 })
  }

  async #contend(
    acquire: (claim: Claim) => Promise<boolean>,
    release: (claim: Claim) => Promise<unknown>,
    key: string,
  ): Promise<void> {
    const visit = async (_: unknown, index: number) => {
      const claim = claimOn(key)
      while (!(await acquire(claim)));
      if (index % 2 === 0) await release(claim)
    }
    await Promise.all(Array.from({ length: this.#contenders }, visit))
  }

  async #allGrantsOf(key: string): Promise<bigint[]> {
    const tokens = await this.#grantsOf(key)
    expect(tokens.length).toBeGreaterThanOrEqual(this.#contenders)
    return tokens
  }

  /** In their order. */
  async #grantsOf(key: string): Promise<bigint[]> {
    const grants = `select token from ${this.#schema}.grants where key = $1 order by place`
    const { rows } = await this.#pool.query<{ token: string }>(grants, [key])
    return rows.map(({ token }) => BigInt(token))
  }
}

/** Whether tokens of the naive statement ever go back: how many rounds that takes depends on the machine. */
export async function naiveGoesBack(tokens: ContendedTokens): Promise<boolean> {
  for (let round = 0; round < 30; round += 1) {
    if (stepsBack(await tokens.naive()) > 0) return true
  }
  return false
}

export const stepsBack = (tokens: readonly bigint[]): number =>
  tokens.filter((token, index) => token <= (tokens[index - 1] ?? 0n)).length
