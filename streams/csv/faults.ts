/** What is wrong with a file of rows, by row, field and reason, as many as a person reads. */

/** Faults that are told one by one; the others are counted. */
export const CSV_FAULTS_MAX = 100;

export interface CsvFault {
  /** As a spreadsheet numbers it: the header is row 1. Null: of the file as a whole. */
  readonly row: number | null;
  /** The column's name in the header. Null: of the row as a whole. */
  readonly field: string | null;
  readonly reason: string;
}

/** Collects faults up to a limit, and counts on. */
export class CsvFaults {
  readonly told: CsvFault[] = [];
  #more = 0;

  constructor(readonly max = CSV_FAULTS_MAX) {}

  add(row: number | null, field: string | null, reason: string): void {
    if (this.told.length < this.max) this.told.push({ row, field, reason });
    else this.#more++;
  }

  /** How many there were beside those in `told`. */
  get more(): number {
    return this.#more;
  }

  get count(): number {
    return this.told.length + this.#more;
  }
}

/** One line a fault: `row 3, amount: "12,x" is not an amount`. */
export function csvFaultText({ row, field, reason }: CsvFault): string {
  const where = [row === null ? "file" : `row ${row}`, ...(field === null ? [] : [field])];
  return `${where.join(", ")}: ${reason}`;
}
