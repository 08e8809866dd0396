/** SenML's labels: the integers of its CBOR form (RFC 8428 table 4) and their names in text. */

/** Integer label by name, in the order in which people read a record. */
export const LABEL = {
  bn: -2,
  bt: -3,
  bu: -4,
  bv: -5,
  bs: -6,
  bver: -1,
  n: 0,
  u: 1,
  v: 2,
  vs: 3,
  vb: 4,
  s: 5,
  t: 6,
  ut: 7,
  vd: 8,
} as const;
