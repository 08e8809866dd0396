/** The charges of a tariff as rows of a table: what, how much, of what. */
import type { Charge } from "../../actors/billing/tariff/charge.ts";
import type { TariffVersion } from "../../actors/billing/tariff/document.ts";
import { UNIT_OF } from "../../actors/billing/tariff/usage.ts";
import { formatRate, formatRupees } from "../billing/money.ts";

const NOT_STATED = "not stated";
const percent = (hundredths: number) => String(hundredths / 100);

/** Every charge of `version`, and how its bill is rounded. */
export function chargeRows(version: TariffVersion): string[][] {
  const way = { nearest: "to the nearest", up: "up to the next", down: "down to the last" };
  return [
    ...version.charges.flatMap((charge) => {
      const rows = rowsOf(charge);
      const condition = conditionOf(charge);
      if (condition !== "") rows[0]![0] += ` (${condition})`;
      return rows;
    }),
    [
      `Bill rounded ${way[version.payable_rounding ?? "nearest"]}`,
      formatRupees(version.payable_step_paise),
      "Rs",
    ],
  ];
}

function conditionOf({ when }: Charge): string {
  if (when === undefined) return "";
  const { seasons, phases, units_to, units_over } = when;
  return [
    seasons === undefined ? "" : `in ${seasons.join(", ")}`,
    phases === undefined ? "" : `${phases.join(" and ")}-phase`,
    units_over === undefined ? "" : `over ${units_over} kWh a month`,
    units_to === undefined ? "" : `to ${units_to} kWh a month`,
  ].filter((part) => part !== "").join(", ");
}

function rowsOf(charge: Charge): string[][] {
  const { description } = charge;
  switch (charge.kind) {
    case "slabs": {
      const unit = `Rs/${UNIT_OF[charge.measure ?? "kwh"]}`;
      return charge.slabs.map((slab, i) => {
        const whole = slab.whole === true || !charge.telescopic ? ", all units" : "";
        const range = rangeOf(charge.slabs.map((one) => one.to_units), i, 1);
        const months = charge.limits_for_months ?? 1;
        const period = months === 1 ? "" : ` in ${months} months`;
        return [`${description}, ${range}${period}${whole}`, formatRate(slab.rate), unit];
      });
    }
    case "per_unit":
      return [[description, formatRate(charge.rate), `Rs/${UNIT_OF[charge.measure ?? "kwh"]}`]];
    case "per_month":
      return monthRows(charge);
    case "per_kw_month":
      return [
        [description, formatRupees(charge.paise_a_kw), "Rs/kW/month"],
        ...(charge.part_of_kw === null ? [[`${description}, a part of a kW`, NOT_STATED, ""]] : []),
      ];
    case "bracket_month":
      return charge.brackets.map(({ amount_paise }, i) => {
        const range = rangeOf(charge.brackets.map((one) => one.to_units), i, 0);
        const said = amount_paise === null ? NOT_STATED : formatRupees(amount_paise);
        return [`${description}, ${range}`, said, amount_paise === null ? "" : "Rs/month"];
      });
    case "slab_adjustment":
      return [[description, "monthly", "Rs/kWh a slab"]];
    case "percentage":
      return [[description, percent(charge.percent_hundredths), "%"]];
    default:
      return commercialRows(charge);
  }
}

type Commercial = Extract<
  Charge,
  { kind: "demand" | "time_of_day" | "power_factor" | "minimum" }
>;

function commercialRows(charge: Commercial): string[][] {
  const { description } = charge;
  switch (charge.kind) {
    case "demand": {
      const { contract_floor_hundredths: floor, excess_surcharge_hundredths: excess } = charge;
      const rows = [[description, formatRupees(charge.paise_a_kva), "Rs/kVA/month"]];
      if (floor !== undefined) {
        rows.push([`${description}, at least`, percent(floor), "% of contract"]);
      }
      if (excess !== undefined) {
        rows.push([`${description}, above contract`, percent(excess), "% more"]);
      }
      return rows;
    }
    case "time_of_day":
      return charge.rates.map(({ band, season, percent_hundredths = 0, rate }) => [
        `${description}, ${band}${season === undefined ? "" : `, ${season}`}`,
        rate === undefined ? percent(percent_hundredths) : formatRate(rate),
        rate === undefined ? `% of ${charge.of}` : "Rs a unit",
      ]);
    case "power_factor":
      return charge.brackets.map(({ below, percent_hundredths }, i) => [
        `${description}, ${
          below === null
            ? `from ${(charge.brackets[i - 1]?.below ?? 0) / 1_000}`
            : `below ${below / 1_000}`
        }`,
        percent(percent_hundredths),
        `% of ${charge.of.join(", ")}`,
      ]);
    case "minimum":
      return [
        ...(charge.amount_paise === undefined
          ? []
          : [[description, formatRupees(charge.amount_paise), "Rs/month"]]),
        ...(charge.paise_a_kw === undefined
          ? []
          : [[description, formatRupees(charge.paise_a_kw), "Rs/kW/month"]]),
      ];
  }
}

function monthRows(charge: Extract<Charge, { kind: "per_month" }>): string[][] {
  const { description, amount_paise, municipal_paise } = charge;
  const rows = typeof amount_paise === "number"
    ? [[description, formatRupees(amount_paise), "Rs/month"]]
    : (["1", "3"] as const).map((phase) => {
      const amount = amount_paise[phase];
      const said = amount === null ? NOT_STATED : formatRupees(amount);
      return [`${description}, ${phase}-phase`, said, amount === null ? "" : "Rs/month"];
    });
  if (municipal_paise === undefined) return rows;
  const more = `${description}, more in municipal areas`;
  return [...rows, [more, formatRupees(municipal_paise), "Rs/month"]];
}

/** `1 to 100`, `over 500`. `first` is where the first one begins. */
function rangeOf(limits: readonly (number | null)[], i: number, first: number): string {
  const below = limits[i - 1];
  const from = below === undefined || below === null ? first : below + 1;
  return limits[i] === null ? `over ${below ?? 0}` : `${from} to ${limits[i]}`;
}
