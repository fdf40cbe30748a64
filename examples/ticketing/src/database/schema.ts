import type { Auditorium } from '../auditorium.ts'
import type { Database } from './database.ts'

/** On a server, everything stands in a schema of its own: nobody else's tables are touched. */
export const SCHEMA = 'leasehold_box_office'

/** The channel on which the database names seats that have changed, separated by spaces. */
export const SEATS_CHANGED = `${SCHEMA}_seats`

const TABLES = [
  `drop schema if exists ${SCHEMA} cascade`,
  `create schema ${SCHEMA}`,
  `set search_path to ${SCHEMA}`,

  // fence: the token of the newest lease that has entered this seat. It only ever grows.
  // held_by: for the seat map alone. Nothing decides by it.
  `create table seats (
     id text primary key,
     fence bigint not null default 0,
     held_by text,
     sold_to text
   )`,

  // held_on, sold_on: which server process did it. For the eyes of the operator.
  // runs_out_at: when to look whether the hold is over. The lock decides that, this clock does not. Null: nothing runs out.
  `create table holds (
     id text primary key,
     session text not null,
     seats text[] not null,
     handles jsonb not null,
     amount_cents integer not null,
     state text not null default 'open' check (state in ('open', 'paying', 'paid', 'sold', 'ended')),
     ended_because text,
     end_note text,
     refused_write text,
     failed_payments integer not null default 0,
     buyer text,
     held_on text not null,
     sold_on text,
     held_at timestamptz not null default clock_timestamp(),
     runs_out_at timestamptz
   )`,

  // Who stands in line, for the eyes of the operator.
  `create table waits (
     id text primary key,
     seats text[] not null,
     node text not null
   )`,

  `create table payments (
     hold_id text primary key references holds,
     card_ending text not null,
     amount_cents integer not null,
     node text not null,
     state text not null check (state in ('asked', 'taken', 'failed', 'refunded'))
   )`,

  `create table orders (
     id text primary key references holds,
     buyer text not null,
     amount_cents integer not null
   )`,

  // The ledger: rows are added and never changed. No unique seat here, on purpose: a seat sold twice must show.
  `create table tickets (
     number bigint generated always as identity primary key,
     order_id text not null references orders,
     seat_id text not null references seats
   )`,

  // Said at the commit, to every server process, by whichever made the change.
  `create function tell_seat() returns trigger language plpgsql as $$
     begin perform pg_notify('${SEATS_CHANGED}', new.id); return null; end $$`,
  `create trigger tell after update of held_by, sold_to on seats for each row execute function tell_seat()`,
  `create function tell_hold() returns trigger language plpgsql as $$
     begin perform pg_notify('${SEATS_CHANGED}', array_to_string(new.seats, ' ')); return null; end $$`,
  `create trigger tell after insert or update of state on holds for each row execute function tell_hold()`,
]

/** An empty box office: every seat unsold, every table fresh. */
export async function createTables(db: Database, { seats }: Auditorium, onSale = seats.length): Promise<void> {
  await db.transaction(async (sql) => {
    for (const statement of TABLES) await sql.query(statement)
    await sql.query('insert into seats (id) select unnest($1::text[])', [seats.slice(0, onSale).map((seat) => seat.id)])
    return true
  })
}
