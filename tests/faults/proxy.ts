/** A TCP proxy on loopback whose line a test can cut: bytes stay where they are until it is mended. */

export interface Proxy {
  readonly port: number;
  /** Nothing passes, and no end is told: as when a cable is pulled. */
  cut(): void;
  /** What waited goes on, and what is new passes too. */
  mend(): void;
  stop(): Promise<void>;
}

/** Forwards each connection on a free port to `targetPort`. */
export function startProxy(targetPort: number): Proxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const tasks = new Set<Promise<void>>();
  let mended = Promise.resolve();
  let mend = () => {};

  const copy = async (from: Deno.Conn, to: Deno.Conn) => {
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        await mended;
        for (let sent = 0; sent < n;) sent += await to.write(buffer.subarray(sent, n));
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
    } finally {
      for (const end of [from, to]) if (open.delete(end)) end.close();
    }
  };
  const forward = async (client: Deno.Conn) => {
    open.add(client);
    try {
      await mended;
      const server = await Deno.connect({ hostname: "127.0.0.1", port: targetPort });
      open.add(server);
      await Promise.all([copy(client, server), copy(server, client)]);
    } catch (error) {
      if (open.delete(client)) client.close();
      if (!isEnd(error)) throw error;
    }
  };
  const accepting = (async () => {
    for await (const client of listener) {
      const task = forward(client).finally(() => tasks.delete(task));
      tasks.add(task);
    }
  })();

  return {
    port: (listener.addr as Deno.NetAddr).port,
    cut() {
      ({ promise: mended, resolve: mend } = Promise.withResolvers<void>());
    },
    mend: () => mend(),
    async stop() {
      mend();
      listener.close();
      for (const end of [...open]) if (open.delete(end)) end.close();
      await accepting;
      await Promise.all(tasks);
    },
  };
}

/** One side is gone: the other is closed, and that is all that a line can do. */
function isEnd(error: unknown): boolean {
  const { errors } = Deno;
  return [
    errors.ConnectionReset,
    errors.ConnectionRefused,
    errors.ConnectionAborted,
    errors.BrokenPipe,
    errors.BadResource,
    errors.Interrupted,
    errors.NotConnected,
    errors.UnexpectedEof,
  ].some((one) => error instanceof one);
}
