import assert from "node:assert/strict";
import { newCycle, receive } from "../../../actors/billing/cycle.ts";
import type { CycleFacts, RegisterReading } from "../../../actors/billing/facts.ts";
import { measuredOf, registersOf } from "../../../actors/billing/registers.ts";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { tariffOf, tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import type { TariffDocument } from "../../../actors/billing/tariff/document.ts";
import { at, candidate, facts, installation } from "./cycle_fixture.ts";

const { example_only: _, ...example } = tariffOf("example-commercial-tod");
/** The made-up tariff as a utility's own. */
const TOD: TariffDocument = { ...example, id: "my-commercial-tod" };
const OPENED = at("2026-05-31T18:00:00+05:30");
const CLOSED = at("2026-06-30T18:00:00+05:30");
const USE = { from: "2026-05-31", to: "2026-06-30", units_kwh: 9_000 };

const METER = installation({
  opening: { read_at_ms: OPENED, value_wh: 1_000_900, source: "frame" },
});

/** 9600 kVAh: 2000, 4000 and 3600 by night, sun and evening; 50 kVA. */
const READINGS: readonly RegisterReading[] = [
  ["1-0:9.8.0", 500_300, 10_100_200, "VAh"],
  ["1-0:9.8.1", 100_900, 2_100_100, "VAh"],
  ["1-0:9.8.2", 200_000, 4_200_999, "VAh"],
  ["1-0:9.8.3", 199_400, 3_799_300, "VAh"],
  ["1-0:9.6.0", null, 50_000, "VA"],
].flatMap(([obis, opening, closing, unit]) => [
  ...(opening === null
    ? []
    : [{ obis, read_at_ms: OPENED, value: opening, unit } as RegisterReading]),
  { obis, read_at_ms: CLOSED, value: closing, unit } as RegisterReading,
]);

const changed = (obis: string, read_at_ms: number, change: Partial<RegisterReading> | null) =>
  READINGS.flatMap((one) =>
    one.obis !== obis || one.read_at_ms !== read_at_ms
      ? [one]
      : change === null
      ? []
      : [{ ...one, ...change }]
  );

const measured = (readings = READINGS, use = USE, meter = METER, document = TOD) =>
  measuredOf(document, meter, readings, use, CLOSED);

Deno.test("a plain tariff needs no register beside that of kWh", () => {
  for (const id of ["msedcl-lt-1b", "karnataka-lt-1", "tnpdcl-lt-1a", "rajasthan-lt-1"]) {
    assert.deepEqual(registersOf(tariffOf(id), "2026-05-31", "2026-06-30"), []);
    assert.equal(measuredOf(tariffOf(id), METER, [], USE, CLOSED), undefined);
  }
  assert.deepEqual(registersOf(TOD, USE.from, USE.to), [
    { obis: "1-0:9.8.0", at: "both" },
    { obis: "1-0:9.6.0", at: "closing" },
    ...["1-0:9.8.1", "1-0:9.8.2", "1-0:9.8.3"].map((obis) => ({ obis, at: "both" })),
  ]);
});

Deno.test("kVAh, demand and bands are what the registers measured, times the factor", () => {
  const { registers, ...found } = measured()!;
  assert.equal(registers.length, 9);
  assert.deepEqual(found, {
    ...{ kvah: 9_600, demand_va: 50_000 },
    bands: { night: 2_000, solar: 4_000, evening: 3_600 },
  });
  const large = installation({ ...METER, multiplying_factor: 20 });
  const { kvah, demand_va, bands } = measured(READINGS, { ...USE, units_kwh: 180_000 }, large)!;
  assert.deepEqual([kvah, demand_va, bands!.evening], [192_000, 1_000_000, 72_000]);
});

Deno.test("what cutting registers to whole units leaves over is the largest band's", () => {
  const short = changed("1-0:9.8.1", CLOSED, { value: 2_099_999 });
  assert.deepEqual(measured(short)!.bands, { night: 1_999, solar: 4_001, evening: 3_600 });
  const apart = changed("1-0:9.8.1", CLOSED, { value: 2_090_000 });
  assert.throws(() => measured(apart), /sum to 9590 units, and all are 9600/);
  // A power factor of one: both registers are cut, and apparent energy is never the less.
  const unity = changed("1-0:9.8.0", CLOSED, { value: 9_499_999 });
  const bands = unity.map((one) =>
    one.obis === "1-0:9.8.1" && one.read_at_ms === CLOSED ? { ...one, value: 1_500_000 } : one
  );
  assert.equal(measured(bands)!.kvah, 9_000);
});

Deno.test("a register that is missing, undecided, of another unit, or went back is told", () => {
  const kvah = "1-0:9.8.0";
  const cases: [readonly RegisterReading[], RegExp][] = [
    [
      changed(kvah, OPENED, null),
      /needs register 1-0:9\.8\.0 of meter M1 at 2026-05-31T12:30:00\.000Z, beside its kWh/,
    ],
    [changed("1-0:9.6.0", CLOSED, null), /needs register 1-0:9\.6\.0 .* no such reading/],
    [changed("1-0:9.8.2", CLOSED, null), /needs register 1-0:9\.8\.2/],
    [changed(kvah, CLOSED, { value: null }), /waits for a decision/],
    [changed("1-0:9.6.0", CLOSED, { unit: "W" }), /counts W, and the tariff is of VA/],
    [changed(kvah, CLOSED, { value: 500_299 }), /went back within the cycle/],
  ];
  for (const [readings, why] of cases) assert.throws(() => measured(readings), why);
  const [version] = TOD.versions;
  const silent = {
    ...TOD,
    versions: [{
      ...version!,
      time_of_day: {
        ...version!.time_of_day!,
        bands: version!.time_of_day!.bands.map(({ register: _, ...band }) => band),
      },
    }],
  };
  assert.throws(
    () => measured(READINGS, USE, METER, silent),
    /which register counts its band night/,
  );
});

function closed(given: CycleFacts, registers?: readonly RegisterReading[]) {
  const cycle = newCycle("A1", "2026-06");
  const rules = { ...CYCLE_RULES, tariffs: tariffs([TOD]) };
  const message = { message: "close", requested_at_ms: CLOSED - 1_000, facts: given } as const;
  receive(cycle, message, CLOSED, rules);
  const reading = {
    ...candidate({
      ...{ read_at_ms: CLOSED, sealed_at_ms: CLOSED + 100, arrived_at_ms: CLOSED + 200 },
      value_wh: 10_000_950,
    }),
    ...(registers === undefined ? {} : { registers }),
  };
  const [effect] = receive(
    cycle,
    { message: "reading", candidate: reading, facts: given },
    CLOSED,
    rules,
  );
  return { cycle, bill: effect?.effect === "issue" ? effect.bill : null };
}

const ACCOUNT = { ...facts().account, tariff_id: TOD.id, sanctioned_load_w: 60_000 };
const world = (change: Partial<CycleFacts> = {}) =>
  facts({ installations: [METER], account: { ...ACCOUNT, contract_va: 60_000 }, ...change });

Deno.test("the made-up commercial month comes out of registers as its worked example says", () => {
  const { bill, cycle } = closed(world(), READINGS);
  assert.ok(bill !== null, cycle.reason ?? "");
  const [example] = TOD.versions[0]!.examples;
  assert.deepEqual(
    [bill.quote.total_paise, bill.quote.payable_paise],
    [example!.total_paise, example!.payable_paise],
  );
  assert.equal(bill.inputs.account.contract_va, 60_000);
  assert.equal(bill.inputs.measured!.registers.length, 9);
});

Deno.test("without its registers, its contract, or on two meters such a cycle is parked with words", () => {
  assert.match(closed(world()).cycle.reason!, /needs register 1-0:9\.8\.0 of meter M1/);
  const { contract_va: _none, ...none } = { ...ACCOUNT, contract_va: 1 };
  assert.match(closed(world({ account: none }), READINGS).cycle.reason!, /contract demand.*enrol/);
  const old = installation({
    ...METER,
    meter_id: "M0",
    removed: { at_ms: CLOSED - 86_400_000, final_reading_wh: 1_001_000 },
  });
  const fresh = installation({
    installed_at_ms: CLOSED - 80_000_000,
    opening: { read_at_ms: CLOSED - 80_000_000, value_wh: 10_000_000, source: "installation" },
  });
  const two = closed(world({ installations: [old, fresh] }), READINGS);
  assert.match(two.cycle.reason!, /settle it by hand/);
});
