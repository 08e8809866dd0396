import assert from "node:assert/strict";
import { EEPROM_BYTES, eepromImage, identityOf } from "../../../streams/simulator/eeprom_image.ts";
import { TerminalError } from "../../../protocol/errors.ts";

const IDENTITY = { consumerNumber: "170000000001", serialNumber: "SEM00000042" };

Deno.test("eepromImage() writes both settings copies and one count when the meter is new", () => {
  const image = eepromImage({ ...IDENTITY, initialEnergy_wh: 123_456, impulsesPerKwh: 3200 });
  assert.equal(image.length, EEPROM_BYTES);
  assert.deepEqual(image.subarray(0, 64), image.subarray(64, 128));
  const slot = new DataView(image.buffer, 128 + 16, 16);
  assert.equal(slot.getUint32(0, true), 1);
  assert.equal(slot.getUint32(4, true), 395_060); // 123,456 Wh x 3.2, rounded up to a whole pulse
  assert.ok(image.subarray(160).every((byte) => byte === 0xff));
});

Deno.test("identityOf() reads the second copy when the first is damaged", () => {
  const image = eepromImage(IDENTITY);
  image[10]! ^= 1;
  assert.deepEqual(identityOf(image), IDENTITY);
  image[74]! ^= 1;
  assert.equal(identityOf(image), null);
  assert.equal(identityOf(new Uint8Array(3)), null);
});

Deno.test("eepromImage() names the value when it does not fit", () => {
  const refuses = (change: object, name: RegExp) =>
    assert.throws(
      () => eepromImage({ ...IDENTITY, ...change }),
      (error: Error) => error instanceof TerminalError && name.test(error.message),
    );
  refuses({ consumerNumber: "" }, /consumer number ""/);
  refuses({ consumerNumber: "12345678901234567" }, /consumer number/);
  refuses({ consumerNumber: "12(34" }, /consumer number/);
  refuses({ serialNumber: "é" }, /serial number/);
  refuses({ deviceAddress: "1!" }, /device address/);
  refuses({ impulsesPerKwh: 0 }, /impulses per kWh/);
  refuses({ impulsesPerKwh: 65_536 }, /impulses per kWh/);
  refuses({ initialEnergy_wh: -1 }, /energy in Wh/);
  refuses({ initialEnergy_wh: 0.5 }, /energy in Wh/);
  refuses({ initialEnergy_wh: 1_000_000_000 }, /energy in Wh/);
});
