/**
 * Writes the EEPROM of a real meter to a file for avrdude (docs/firmware.md, flashing):
 *
 *     deno run --allow-write streams/simulator/write_eeprom_image.ts \
 *       --consumer 170000000001 --serial SEM00000042 --impulses 3200 --start-wh 0 meter.eeprom
 */
import { parseArgs } from "node:util";
import { eepromImage } from "./eeprom_image.ts";

const USAGE = "write_eeprom_image.ts --consumer NUMBER --serial NUMBER [--address ADDRESS] " +
  "[--impulses N] [--start-wh N] FILE";

/** Carries out the command line `args` and returns the exit code: 0, or 2 with the reason on stderr. */
export async function main(args: string[]): Promise<number> {
  try {
    const text = { type: "string" } as const;
    const options = { consumer: text, serial: text, address: text, impulses: text };
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...options, "start-wh": text },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0 || !values.consumer || !values.serial) {
      throw new TypeError(`usage: ${USAGE}`);
    }
    const image = eepromImage({
      consumerNumber: values.consumer,
      serialNumber: values.serial,
      ...(values.address === undefined ? {} : { deviceAddress: values.address }),
      impulsesPerKwh: Number(values.impulses ?? 3200),
      initialEnergy_wh: Number(values["start-wh"] ?? 0),
    });
    await Deno.writeFile(file, image);
    return 0;
  } catch (error) {
    console.error(String((error as Error).message));
    return 2;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
