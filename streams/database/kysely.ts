/**
 * The query builder, imported here and nowhere else: the rest of the program takes from this file
 * what it uses of it.
 */
export { CompiledQuery, Kysely, PGliteDialect, PostgresDialect, sql } from "kysely";
export type {
  ColumnType,
  Dialect,
  Generated,
  Insertable,
  RawBuilder,
  Selectable,
  Transaction,
  Updateable,
} from "kysely";
export { Migrator } from "kysely/migration";
export type { Migration, MigrationProvider } from "kysely/migration";
