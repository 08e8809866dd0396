import assert from "node:assert/strict";
import { configurationTable } from "../../../streams/configuration/manual.ts";
import { billsDirOf, configurationOf, utilityOf } from "../../../streams/configuration/roles.ts";
import { programVariables, variables } from "../../../streams/configuration/variables.ts";

const SID = `AC${"0".repeat(32)}`;

function faultsOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.equal((error as Error).name, "TerminalError");
    return (error as Error).message;
  }
  assert.fail("the configuration was accepted");
}

Deno.test("configurationOf() fills in defaults when the environment is empty", () => {
  assert.deepEqual(configurationOf("slave", {}), { dataDir: ".samay" });
  assert.deepEqual(configurationOf("billing", {}), {
    dataDir: ".samay",
    utilityName: "Samay Vidyut",
    draftGraceHours: 0,
    estimateAfterHours: 120,
    reminders: [],
    lateChargeAfterDays: 3,
    smsSegmentsMax: 3,
    smsPerMinute: 600,
    mailsPerMinute: 1200,
    quietHours: { from_min: 1260, to_min: 540 },
  });
});

Deno.test("SAMAY_REMINDERS are days from the due date, or off", () => {
  const of = (given: string) => configurationOf("billing", { SAMAY_REMINDERS: given }).reminders;
  assert.deepEqual(of("+10,-3"), [-3, 10]);
  assert.deepEqual(of("off"), []);
  for (const wrong of ["on", "3;4", "99"]) {
    assert.match(faultsOf(() => of(wrong)), /SAMAY_REMINDERS.*days from the due date/);
  }
});

Deno.test("configurationOf() gives every value by its key when all is set", () => {
  const given = configurationOf("billing", {
    SAMAY_NATS_URL: "tls://a:4222,tls://b:4222",
    SAMAY_NATS_USER: "billing",
    SAMAY_NATS_PASSWORD: "p",
    DATABASE_URL: "postgres://samay:pw@db:5432/samay",
    SAMAY_SMTP_URL: "smtps://u:p@mail.example.org:465",
    SAMAY_MAIL_FROM: "Samay Bills <bills@example.org>",
    TWILIO_ACCOUNT_SID: SID,
    TWILIO_AUTH_TOKEN: "t",
    TWILIO_FROM: "+12025550123",
  });
  assert.equal(given.natsUrl, "tls://a:4222,tls://b:4222");
  assert.equal(given.databaseUrl, "postgres://samay:pw@db:5432/samay");
  assert.equal(given.mailFrom, "Samay Bills <bills@example.org>");
  assert.equal(given.twilioFrom, "+12025550123");
});

Deno.test("configurationOf() names every fault in one line when several are there", () => {
  const message = faultsOf(() =>
    configurationOf("billing", {
      SAMAY_NATS_URL: "broker:4222",
      SAMAY_NATS_USER: "billing",
      DATABASE_URL: "mysql://samay:hunter2@db/samay",
      SAMAY_SMTP_URL: "smtp://mail",
      TWILIO_ACCOUNT_SID: "XX",
      TWILIO_FROM: "02025550123",
    })
  );
  for (
    const name of [
      'SAMAY_NATS_URL is "broker:4222"',
      "SAMAY_NATS_PASSWORD is missing",
      "DATABASE_URL is (not shown)",
      "SAMAY_MAIL_FROM is missing",
      'TWILIO_ACCOUNT_SID is "XX"',
      'TWILIO_FROM is "02025550123"',
    ]
  ) assert.ok(message.includes(name), `${name} in: ${message}`);
  assert.match(message, /^configuration of billing has 6 faults: /);
  assert.equal(message.split("\n").length, 1);
});

Deno.test("configurationOf() never prints a secret when it is malformed", () => {
  for (const variable of Object.values(variables).filter((one) => one.secret === true)) {
    const secret = `hunter2-${variable.name}`;
    try {
      configurationOf("start", { [variable.name]: secret, TWILIO_FROM: "wrong" });
    } catch (error) {
      assert.ok(!(error as Error).message.includes("hunter2"), variable.name);
    }
  }
});

Deno.test("configurationOf() refuses half a Twilio configuration", () => {
  const token = faultsOf(() =>
    configurationOf("billing", { TWILIO_ACCOUNT_SID: SID, TWILIO_FROM: "+12025550123" })
  );
  assert.match(token, /TWILIO_AUTH_TOKEN is missing: TWILIO_ACCOUNT_SID is set/);
  const sender = faultsOf(() =>
    configurationOf("billing", { TWILIO_ACCOUNT_SID: SID, TWILIO_AUTH_TOKEN: "t" })
  );
  assert.match(sender, /TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID: set one of the two/);
});

Deno.test("configurationOf() refuses two kinds of credentials when both are given", () => {
  const message = faultsOf(() =>
    configurationOf("slave", {
      SAMAY_NATS_USER: "s",
      SAMAY_NATS_PASSWORD: "p",
      SAMAY_NATS_CREDS_FILE: "/run/s.creds",
    })
  );
  assert.match(message, /SAMAY_NATS_CREDS_FILE and SAMAY_NATS_USER: set only one/);
});

Deno.test("configurationOf() does not mind variables that the role does not read", () => {
  assert.equal(configurationOf("slave", { TWILIO_FROM: "wrong" }).dataDir, ".samay");
});

Deno.test("configurationOf() takes an empty variable for an absent one", () => {
  assert.equal(configurationOf("slave", { SAMAY_NATS_URL: "" }).natsUrl, undefined);
});

Deno.test("configurationOf() reads a secret from the file that NAME_FILE names", () => {
  const read = (path: string) => {
    assert.equal(path, "/run/secrets/nats");
    return "from-file\n";
  };
  const given = configurationOf("slave", {
    SAMAY_NATS_USER: "slave-1",
    SAMAY_NATS_PASSWORD_FILE: "/run/secrets/nats",
  }, read);
  assert.equal(given.natsPassword, "from-file");
  const both = faultsOf(() =>
    configurationOf("slave", {
      SAMAY_NATS_USER: "slave-1",
      SAMAY_NATS_PASSWORD: "p",
      SAMAY_NATS_PASSWORD_FILE: "/run/secrets/nats",
    }, read)
  );
  assert.match(both, /SAMAY_NATS_PASSWORD and SAMAY_NATS_PASSWORD_FILE: set only one/);
});

Deno.test("configurationOf() names the file variable when the file cannot be read", () => {
  const message = faultsOf(() =>
    configurationOf("billing", { DATABASE_URL_FILE: "/run/secrets/none" }, () => {
      throw new Error("No such file");
    })
  );
  assert.match(message, /DATABASE_URL_FILE: No such file/);
});

Deno.test("billsDirOf() is `bills` in the data folder when nothing is said", () => {
  assert.equal(billsDirOf({ dataDir: "/data" }), "/data/bills");
  assert.equal(billsDirOf({ dataDir: "/data", billsDir: "/bills" }), "/bills");
});

Deno.test("utilityOf() has a UPI ID only where one is configured, and takes no other text for one", () => {
  assert.deepEqual(utilityOf(configurationOf("billing", {})), { name: "Samay Vidyut" });
  const given = configurationOf("billing", { SAMAY_UPI_ID: "samay.vidyut@bank" });
  assert.deepEqual(utilityOf(given), { name: "Samay Vidyut", upi_id: "samay.vidyut@bank" });
  for (const wrong of ["samay", "a b@bank", "samay@bank&am=1", "@bank", "samay@b@c"]) {
    const said = faultsOf(() => configurationOf("billing", { SAMAY_UPI_ID: wrong }));
    assert.match(said, /SAMAY_UPI_ID/);
  }
});

/** Markdown cells without the padding that the formatter gives them. */
function cells(line: string): string {
  return line.split("|").map((cell) => cell.trim().replace(/^-+$/, "---")).join("|");
}

Deno.test("docs/configuration.md has the table that the declarations give", () => {
  const manual = Deno.readTextFileSync(new URL("../../../docs/configuration.md", import.meta.url));
  const written = manual.split("\n").filter((line) => line.startsWith("|")).map(cells);
  assert.deepEqual(written, configurationTable().split("\n").map(cells));
});

Deno.test("every variable that the sources read is declared", () => {
  const declared = new Set(
    [...Object.values(variables), ...programVariables].map((variable) => variable.name),
  );
  const found = new Set<string>();
  const visit = (folder: URL) => {
    for (const entry of Deno.readDirSync(folder)) {
      const here = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
      if (entry.isDirectory) visit(here);
      else if (entry.name.endsWith(".ts")) {
        const text = Deno.readTextFileSync(here);
        for (const match of text.matchAll(/env\.get\("((?:SAMAY|TWILIO)_\w+|DATABASE_URL)"\)/g)) {
          found.add(match[1]!);
        }
      }
    }
  };
  visit(new URL("../../../streams/", import.meta.url));
  assert.deepEqual([...found].filter((name) => !declared.has(name)), []);
});
