import assert from "node:assert/strict";
import { createSocket, type RemoteInfo } from "node:dgram";
import {
  decodePacket,
  encodePacket,
  type NtpPacket,
  toTimestamp,
} from "../../../protocol/ntp/packet.ts";
import { RateLimit } from "../../../protocol/ntp/rate_limit.ts";
import { startLocalClock, systemClock } from "../../../streams/time/local_clock.ts";
import { queryTime } from "../../../streams/time/query.ts";
import { localServerClock } from "../../../streams/time/server_clock.ts";
import { askUdp, parseTimeServer, udpAsker } from "../../../streams/time/udp_client.ts";
import { serveTimeUdp } from "../../../streams/time/udp_server.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { eventually, freeUdpPort } from "./chrony.ts";

const queryOptions = (port: number, samples = 1) => ({
  server: "the server",
  samples,
  spacing_ms: 1,
  ask: () => askUdp({ host: "127.0.0.1", port }, systemClock, 150),
});

/** A server that answers each question with what `reply` makes of it: a list of packets. */
async function withFakeServer(
  reply: (question: Uint8Array) => Uint8Array[],
  body: (port: number) => Promise<void>,
) {
  const socket = createSocket("udp4");
  socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
    for (const packet of reply(bytes)) socket.send(packet, from.port, from.address);
  });
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  try {
    await body(socket.address().port);
  } finally {
    await new Promise<void>((done) => socket.close(() => done()));
  }
}

function honest(question: Uint8Array, changes: Partial<NtpPacket> = {}): Uint8Array {
  const now = toTimestamp(systemClock.now_ns());
  const origin = new DataView(question.buffer, question.byteOffset).getBigUint64(40);
  return encodePacket({
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 3,
    poll: 0,
    precision: -20,
    rootDelay_s: 0,
    rootDispersion_s: 0.001,
    referenceId: 0x0a000001,
    reference: now - (1n << 34n),
    origin,
    receive: now,
    transmit: now,
    ...changes,
  });
}

Deno.test("parseTimeServer() takes names, ports and bracketed IPv6, and refuses the rest", () => {
  assert.deepEqual(parseTimeServer("pool.ntp.org"), { host: "pool.ntp.org", port: 123 });
  assert.deepEqual(parseTimeServer("10.0.0.1:1123"), { host: "10.0.0.1", port: 1123 });
  assert.deepEqual(parseTimeServer("[::1]:1123"), { host: "::1", port: 1123 });
  assert.deepEqual(parseTimeServer("::1"), { host: "::1", port: 123 });
  for (const text of ["", "a:b", "host:0", "host:70000", "http://host", "a b", "host:"]) {
    assert.equal(parseTimeServer(text), undefined, text);
  }
});

const refused: [string, Partial<NtpPacket>, RegExp][] = [
  ["stratum 16", { stratum: 16 }, /stratum is not 1 to 15/],
  ["stratum 0", { stratum: 0, referenceId: 0x44454e59 }, /DENY/],
  ["leap 3", { leap: 3 }, /not synchronised/],
  ["root distance", { rootDispersion_s: 2 }, /root distance/],
  ["bogus origin", { origin: 1n }, /origin timestamp/],
];

for (const [name, changes, text] of refused) {
  Deno.test(`queryTime() refuses a server with ${name} in one line`, async () => {
    await withFakeServer((question) => [honest(question, changes)], async (port) => {
      await assert.rejects(queryTime(queryOptions(port)), (error: Error) => {
        assert.match(error.message, text);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    });
  });
}

Deno.test("queryTime() says so when the server is silent or its port closed", async () => {
  await withFakeServer(() => [], async (port) => {
    await assert.rejects(queryTime(queryOptions(port)), /no answer within 150 ms/);
  });
  const closed = await freeUdpPort();
  await assert.rejects(queryTime(queryOptions(closed)), /Time server/);
});

Deno.test("askUdp() waits through spoofed packets for the true answer", async () => {
  const spoofs = (question: Uint8Array) => [
    honest(question, { origin: 7n }),
    new Uint8Array(3),
    honest(question),
  ];
  await withFakeServer(spoofs, async (port) => {
    const verdict = await askUdp({ host: "127.0.0.1", port }, systemClock, 500);
    assert.ok(verdict.accepted);
  });
});

Deno.test("askUdp() asks from another port each time", async () => {
  const ports = new Set<number>();
  const socket = createSocket("udp4");
  socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
    ports.add(from.port);
    socket.send(honest(bytes), from.port, from.address);
  });
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  const { port } = socket.address();
  for (let i = 0; i < 4; i++) await askUdp({ host: "127.0.0.1", port }, systemClock, 500);
  await new Promise<void>((done) => socket.close(() => done()));
  assert.ok(ports.size >= 3, `${ports.size} different ports`);
});

Deno.test("serveTimeUdp() shows a clock that is 42 s ahead as 42 s ahead", async () => {
  const ahead = startLocalClock(Date.now() + 42_000);
  const server = await serveTimeUdp({
    host: "127.0.0.1",
    port: 0,
    clock: ahead,
    describe: localServerClock(ahead.now_ns, 3),
  });
  try {
    const result = await queryTime(queryOptions(server.port, 4));
    assert.ok(Math.abs(result.offset_s - 42) < 0.05, `offset ${result.offset_s}`);
    assert.equal(result.stratum, 3);
    assert.equal(result.samples, 4);
  } finally {
    await server.stop();
  }
});

Deno.test("serveTimeUdp() tells who asks too often to slow down, and ignores garbage", async () => {
  const server = await serveTimeUdp({
    host: "127.0.0.1",
    port: 0,
    describe: localServerClock(systemClock.now_ns),
    rateLimit: new RateLimit({ burst: 2, rate_hz: 0.01, addresses_max: 8 }),
  });
  try {
    await assert.rejects(queryTime(queryOptions(server.port, 3)), /slow down \(kiss code RATE\)/);
    await assert.rejects(queryTime(queryOptions(server.port)), /no answer/);
  } finally {
    await server.stop();
  }
});

Deno.test("askUdp() looks at no more than 64 false packets, and tells of each", async () => {
  const socket = createSocket("udp4");
  let sent = 0;
  socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
    const flood = setInterval(() => {
      for (let i = 0; i < 20; i++) {
        socket.send(honest(bytes, { origin: 3n }), from.port, from.address);
      }
      if ((sent += 20) >= 400) clearInterval(flood);
    }, 2);
  });
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  const reasons: string[] = [];
  const started_ms = performance.now();
  const verdict = await askUdp(
    { host: "127.0.0.1", port: socket.address().port },
    systemClock,
    5_000,
    undefined,
    (reason) => reasons.push(reason),
  );
  assert.equal(!verdict.accepted && verdict.reason, "bogus_origin");
  assert.ok(performance.now() - started_ms < 4_000, "it did not wait for the end");
  assert.ok(reasons.length >= 64 && reasons.every((reason) => reason === "bogus_origin"));
  await eventually(() => Promise.resolve(assert.ok(sent >= 400)));
  await new Promise<void>((done) => socket.close(() => done()));
});

Deno.test("serveTimeUdp() lets garbage use up nobody's allowance, and counts it", async () => {
  const server = await serveTimeUdp({
    host: "127.0.0.1",
    port: 0,
    describe: localServerClock(systemClock.now_ns),
    rateLimit: new RateLimit({ burst: 2, rate_hz: 0.01, addresses_max: 8 }),
  });
  const socket = createSocket("udp4");
  let answers = 0;
  socket.on("message", () => answers++);
  try {
    await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
    const ownReply = encodePacket({ ...decodePacket(honest(new Uint8Array(48)))!, mode: 4 });
    for (const bytes of [new Uint8Array(3), new Uint8Array(48), ownReply, new Uint8Array(1_400)]) {
      socket.send(bytes, server.port, "127.0.0.1");
    }
    await eventually(() => Promise.resolve(assert.equal(server.counts().malformed, 4)));
    assert.equal((await queryTime(queryOptions(server.port, 2))).samples, 2);
    assert.deepEqual(server.counts(), { answered: 2, kissed: 0, limited: 0, malformed: 4 });
    assert.equal(answers, 0);
  } finally {
    await new Promise<void>((done) => socket.close(() => done()));
    await server.stop();
  }
});

Deno.test("serveTimeUdp() says what its socket suffers, and answers on", async () => {
  const said: string[] = [];
  const socket = createSocket("udp4");
  const server = await serveTimeUdp({
    host: "127.0.0.1",
    port: 0,
    describe: localServerClock(systemClock.now_ns),
    log: { ...silentLog, error: (text, details) => void said.push(`${text}: ${details?.reason}`) },
  }, socket);
  try {
    for (const reason of ["no buffers", "no buffers", "network is down"]) {
      socket.emit("error", new Error(reason));
    }
    assert.deepEqual(said, ["time socket: no buffers", "time socket: network is down"]);
    assert.equal((await queryTime(queryOptions(server.port))).samples, 1);
  } finally {
    await server.stop();
  }
});

Deno.test("udpAsker() keeps to one address of a name, and looks it up anew after silence", async () => {
  let looked = 0;
  const find = () => Promise.resolve({ address: "127.0.0.1", family: 4, looked: ++looked });
  await withFakeServer((question) => [honest(question)], async (port) => {
    const ask = udpAsker({ host: "pool", port }, systemClock, 500, find);
    for (let i = 0; i < 3; i++) assert.ok((await ask()).accepted);
    assert.equal(looked, 1);
  });
  await withFakeServer(() => [], async (port) => {
    looked = 0;
    const ask = udpAsker({ host: "pool", port }, systemClock, 5, find);
    for (let i = 0; i < 5; i++) await assert.rejects(ask(), /no answer/);
    assert.equal(looked, 2, "four silences, then another server may be behind the name");
  });
});

Deno.test("udpAsker() lets a name that does not resolve hold up neither the pause nor the end", async () => {
  const never = () => new Promise<never>(() => {});
  const ask = udpAsker({ host: "pool", port: 123 }, systemClock, 20, never);
  await assert.rejects(ask(), /pool:123: the name does not resolve \(not within 20 ms\)/);
  const stopping = new AbortController();
  const asked = udpAsker({ host: "pool", port: 123 }, systemClock, 60_000, never)(stopping.signal);
  stopping.abort(new Error("stopped"));
  await assert.rejects(asked, /stopped/);
});
