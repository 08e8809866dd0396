/**
 * The customers of the demo: made up, and the same in every run. Each has a load that rises in the
 * hot months, so that a chart of twelve months has a shape.
 */

export interface DemoCustomer {
  readonly meter_id: string;
  readonly serial_number: string;
  readonly consumer_number: string;
  readonly name: string;
  readonly address: string;
  readonly phone: string;
  readonly email: string;
  readonly language: "en" | "mr";
  readonly phase: 1 | 3;
  readonly municipal: boolean;
  readonly sanctioned_load_w: number;
  /** Register in watt-hours at a moment; never falls. */
  readonly energy_wh: (at_ms: number) => number;
}

const GIVEN_EN = ["Asha", "Ravi", "Meera", "Sanjay", "Nisha", "Vikram", "Leela", "Arjun"];
const FAMILY_EN = ["Patil", "Kulkarni", "Deshmukh", "Jadhav", "Shinde", "Pawar", "Gaikwad"];
const GIVEN_MR = ["आशा", "रवी", "मीरा", "संजय", "निशा", "विक्रम", "लीला", "अर्जुन"];
const FAMILY_MR = ["पाटील", "कुलकर्णी", "देशमुख", "जाधव", "शिंदे", "पवार", "गायकवाड"];
const PLACES_EN = ["Kothrud, Pune", "Gangapur Road, Nashik", "Rajwada, Satara", "Camp, Amravati"];
const PLACES_MR = ["कोथरूड, पुणे", "गंगापूर रोड, नाशिक", "राजवाडा, सातारा", "कॅम्प, अमरावती"];

const HOUR_MS = 3_600_000;
const YEAR_HOURS = 365 * 24;
/** All registers stood at their base then. */
const BEGIN_MS = Date.UTC(2024, 0, 1);
/** Hours into the year at which the load is highest: the middle of May. */
const HOTTEST_HOUR = 135 * 24;
/** Swing of the load over the year, as a share of its mean. */
const SEASON = 0.35;

/** Customer number `index`, from 0. */
export function demoCustomer(index: number): DemoCustomer {
  const language = index % 2 === 0 ? "mr" : "en";
  const [given, family, places] = language === "mr"
    ? [GIVEN_MR, FAMILY_MR, PLACES_MR]
    : [GIVEN_EN, FAMILY_EN, PLACES_EN];
  const number = String(index + 1).padStart(4, "0");
  const mean_w = 90 + (index * 37) % 610;
  return {
    meter_id: `MH2600${number}`,
    serial_number: `SM26${number}`,
    consumer_number: `17001234${number}`,
    name: `${given[index % given.length]} ${family[(index * 3) % family.length]}`,
    address: `${1 + index % 90}, ${places[index % places.length]}`,
    phone: `+9198220${String(10_000 + index)}`,
    email: `customer${number}@example.org`,
    language,
    phase: 1,
    municipal: index % 3 === 0,
    sanctioned_load_w: 5_000,
    energy_wh: (at_ms) => energyOf(mean_w, index * 1_000_003 % 9_000_000, at_ms),
  };
}

/** The load over the year, integrated: base + mean x (hours + swing). */
function energyOf(mean_w: number, base_wh: number, at_ms: number): number {
  const hours = (at_ms - BEGIN_MS) / HOUR_MS;
  const angle = (2 * Math.PI * (hours - HOTTEST_HOUR)) / YEAR_HOURS;
  const swing_h = SEASON * (YEAR_HOURS / (2 * Math.PI)) * Math.sin(angle);
  return Math.floor(base_wh + mean_w * (hours + swing_h));
}
