import type { Auditorium } from '../auditorium.ts'
import type { Sql } from './database.ts'

const TABLES = [
  `drop table if exists tickets, orders, payments, holds, seats`,

  // fence: the token of the newest lease that has entered this seat. It only ever grows.
  // held_by: for the seat map alone. Nothing decides by it.
  `create table seats (
     id text primary key,
     fence bigint not null default 0,
     held_by text,
     sold_to text
   )`,

  // runs_out_at: when to look whether the hold is over. The lock decides that, this clock does not. Null: nothing runs out.
  `create table holds (
     id text primary key,
     session text not null,
     seats text[] not null,
     handles jsonb not null,
     amount_cents integer not null,
     state text not null default 'open' check (state in ('open', 'paying', 'paid', 'sold', 'ended')),
     ended_because text,
     refused_write text,
     failed_payments integer not null default 0,
     buyer text,
     runs_out_at timestamptz
   )`,

  `create table payments (
     hold_id text primary key references holds,
     card_ending text not null,
     amount_cents integer not null,
     state text not null check (state in ('taken', 'refunded'))
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
]

/** An empty box office: every seat unsold, every table fresh. */
export async function createTables(sql: Sql, auditorium: Auditorium): Promise<void> {
  for (const statement of TABLES) await sql.query(statement)
  await sql.query('insert into seats (id) select unnest($1::text[])', [auditorium.seats.map((seat) => seat.id)])
}
