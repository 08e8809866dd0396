import assert from "node:assert/strict";
import fc from "fast-check";
import {
  intervalBetween,
  type RegisterReading,
  usualSpacing_s,
} from "../../protocol/espi/intervals.ts";
import { QUALITY, qualityCode, worseQuality } from "../../protocol/espi/quality.ts";
import { usageSummary } from "../../protocol/espi/usage.ts";
import { escapeXml, textElement } from "../../protocol/espi/xml.ts";

const QUARTER_MS = 900_000;

const reading = (quarter: number, value_wh: number | null, quality = 0): RegisterReading => ({
  read_at_ms: quarter * QUARTER_MS,
  value_wh,
  quality,
});

const between = (a: RegisterReading, b: RegisterReading, factor = 1) =>
  intervalBetween(a, b, { factor, usual_s: 900 }, worseQuality);

Deno.test("intervalBetween() is the difference of the registers times the factor", () => {
  assert.deepEqual(between(reading(1, 1_000), reading(2, 1_250), 40), {
    ...{ start_s: 900, duration_s: 900, value_wh: 10_000, quality: QUALITY.valid },
  });
});

Deno.test("intervalBetween() makes nothing up: a gap, a register that went back, an unusable end", () => {
  assert.equal(between(reading(1, 1_000), reading(3, 1_250)), null);
  assert.equal(between(reading(1, 1_000), reading(2, 999)), null);
  assert.equal(between(reading(1, null), reading(2, 999)), null);
  assert.equal(between(reading(1, 1_000), reading(2, null)), null);
  assert.equal(between(reading(1, 1_000), reading(1, 1_000)), null);
  assert.equal(between(reading(1, 0), reading(2, 2 ** 47)), null);
});

Deno.test("intervals sum to the register's difference, whatever the factor", () => {
  const steps = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 200 });
  fc.assert(fc.property(steps, fc.double({ min: 0.01, max: 400, noNaN: true }), (uses, factor) => {
    let register = 7;
    const readings = [reading(0, register)];
    for (const [i, use] of uses.entries()) readings.push(reading(i + 1, register += use));
    const sum = readings.slice(1).reduce(
      (total, after, i) => total + between(readings[i]!, after, factor)!.value_wh,
      0,
    );
    assert.equal(sum, Math.round(register * factor) - Math.round(7 * factor));
  }));
});

Deno.test("an interval is as good as the worse of its ends", () => {
  const estimated = qualityCode("estimated", []);
  assert.equal(between(reading(1, 1, QUALITY.valid), reading(2, 2, estimated))!.quality, 8);
  assert.equal(worseQuality(estimated, qualityCode("measured", ["time_uncertain"])), 10);
  assert.equal(qualityCode("measured", []), QUALITY.valid);
  assert.equal(qualityCode("edited", []), QUALITY.manually_edited);
  // A word that is not known is no proof of a valid reading.
  assert.equal(qualityCode("of some other kind", []), QUALITY.questionable);
});

Deno.test("usualSpacing_s() is the median, and nothing for a single reading", () => {
  const at = (...seconds: number[]) => seconds.map((s) => ({ read_at_ms: s * 1_000 }));
  assert.equal(usualSpacing_s(at(0, 900, 1_801, 2_700, 9_000)), 900);
  assert.equal(usualSpacing_s(at(5)), null);
  assert.equal(usualSpacing_s([]), null);
});

Deno.test("text between tags is escaped and has no character that XML lacks", () => {
  assert.equal(
    escapeXml(`<a href="x">&'\u0001\ud800`),
    "&lt;a href=&quot;x&quot;&gt;&amp;&apos;��",
  );
  assert.equal(textElement("t", "अ&".repeat(200), 3), "<t>अ&amp;अ</t>");
});

Deno.test("usageSummary() tells lines apart by the whole of their codes", () => {
  const kinds = (codes: string[]) =>
    [
      ...usageSummary({
        ...{ start_ms: 0, end_ms: 86_400_000, issued_at_ms: 86_400_000, units_kwh: 1 },
        ...{ payable_paise: 1, estimated: false, tariff: "t" },
        lines: codes.map((code) => ({ code, description: code, amount_paise: 1 })),
      }).matchAll(/itemKind>(\d+)</g),
    ].map(([, kind]) => Number(kind));
  assert.deepEqual(kinds(["fac", "fac_2026_04", "energy", "wheeling", "duty"]), [3, 3, 3, 2, 5]);
  assert.deepEqual(kinds(["power_factor", "fixed"]), [4, 4]);
});
