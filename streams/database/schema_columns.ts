/** The kinds of columns that the tables of `schema.ts` are made of. */
import type { ColumnType } from "./kysely.ts";

/** `bigint` columns: JavaScript numbers on both drivers, within the safe integers. */
export type BigInteger = number;
/** Columns that the database fills in and nobody changes. */
export type CreatedAt = ColumnType<Date, Date | undefined, never>;
/** Null unless it is given. */
export type Optional<T> = ColumnType<T | null, T | null | undefined, T | null>;
/** `jsonb`: an object out, JSON text in. */
export type Json<T> = ColumnType<T, string, string>;
export type CalendarDate = string;
