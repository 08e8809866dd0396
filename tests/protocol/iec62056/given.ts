/** What several tests of this room share: public captures, and a meter's telegrams put together. */
import { blockCheckCharacter } from "../../../protocol/iec62056/check.ts";
import { bytesOf } from "../../../protocol/iec62056/characters.ts";

const DATA = new URL("../../../../shared/data/", import.meta.url);

/** The public capture `name`, or null (said once on stderr) where the data folder is absent. */
export function capture(name: string): Uint8Array | null {
  try {
    const bytes = Deno.readFileSync(new URL(name, DATA));
    if (!name.endsWith(".json")) return bytes;
    return bytesOf((JSON.parse(new TextDecoder().decode(bytes)) as string[]).join(""));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`skipped: the public capture ${name} is not on this machine`);
    return null;
  }
}

/** STX, `lines`, `!`, ETX and the right check character. */
export function block(...lines: string[]): Uint8Array {
  const checked = bytesOf(`${lines.map((line) => `${line}\r\n`).join("")}!\r\n\x03`);
  return Uint8Array.from([2, ...checked, blockCheckCharacter(checked)]);
}

/**
 * Lines of a DSMR 5 telegram: TELEGRAM_V5 of ndokter/dsmr_parser, test/example_telegrams.py (MIT),
 * shortened. The test computes the CRC of the short form.
 */
export const P1_LINES = [
  "/ISk5\\2MT382-1000",
  "",
  "1-3:0.2.8(50)",
  "0-0:1.0.0(170102192002W)",
  "1-0:1.8.1(000004.426*kWh)",
  "0-1:24.2.1(170102161005W)(00000.107*m3)",
] as const;

/** The data block that Apollon77/smartmeter-obis gives for a Landis+Gyr E350 in test/. Licence MIT. */
export const E350_LINES = [
  "F.F(00)",
  "C.1(1234567890123456)",
  "C.5.0(00)",
  "1.8.0(000285.4*kWh)",
  "2.8.0(000120.1*kWh)",
] as const;
