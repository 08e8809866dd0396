import assert from "node:assert/strict";
import { fullObis, isHeatMeterCode } from "../../../protocol/iec62056/obis.ts";

Deno.test("fullObis() gives the full form when the reduced one is sure", () => {
  for (
    const [code, full] of [
      ["1.8.0", "1-0:1.8.0"],
      ["0.0.0", "1-0:0.0.0"],
      ["F.F", "0-0:97.97.0"],
      ["F.F.0", "0-0:97.97.0"],
      ["C.1", "0-0:96.1.0"],
      ["C.1.0", "0-0:96.1.0"],
      ["C.51.1", "0-0:96.51.1"],
      ["P.01", "1-0:99.1.0"],
      ["1.8.0*01", "1-0:1.8.0*1"],
      ["1.8.0&02", "1-0:1.8.0*2"],
      ["1-0:1.8.0*255", "1-0:1.8.0"],
      ["0-1:24.2.1", "0-1:24.2.1"],
      ["1-0:1.8.0", "1-0:1.8.0"],
    ] as const
  ) assert.equal(fullObis(code), full, code);
});

Deno.test("fullObis() leaves a code as it is when its full form is not sure", () => {
  for (const code of ["6.8", "9.21", "0.0", "ABC", "", "1.2.3.4.5", "1-0:X.1.0", "1234.1.0"]) {
    assert.equal(fullObis(code), code);
  }
});

Deno.test("isHeatMeterCode() knows the energy of a heat meter from that of electricity", () => {
  assert.equal(isHeatMeterCode("6.8"), true);
  assert.equal(isHeatMeterCode("6.8*01"), true);
  assert.equal(isHeatMeterCode("1.8.0"), false);
  assert.equal(isHeatMeterCode("6.8.0"), false);
});
