/** Where a process spends its time, asked through the runtime's inspector. */

export interface Profiled {
  readonly samples: number;
  /** Share of the time, functions of the most first: themselves, and with all that they call. */
  readonly self: readonly Share[];
  readonly total: readonly Share[];
}

export interface Share {
  readonly name: string;
  readonly share: number;
}

interface Node {
  readonly id: number;
  readonly callFrame: { functionName: string; url: string; lineNumber: number };
  readonly children?: readonly number[];
}

interface CpuProfile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
}

const SHARES_MAX = 60;

/** Profiles the process behind `port` for `seconds`. */
export async function profileOf(port: number, seconds: number): Promise<Profiled> {
  const [target] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve) => socket.onopen = resolve);
  const waiting = new Map<number, (result: unknown) => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    waiting.get(id)?.(result);
  };
  let id = 0;
  const ask = <T>(method: string, params = {}) =>
    new Promise<T>((resolve) => {
      waiting.set(++id, (result) => resolve(result as T));
      socket.send(JSON.stringify({ id, method, params }));
    });
  await ask("Profiler.enable");
  await ask("Profiler.setSamplingInterval", { interval: 500 });
  await ask("Profiler.start");
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const { profile } = await ask<{ profile: CpuProfile }>("Profiler.stop");
  socket.close();
  return sharesOf(profile);
}

function sharesOf({ nodes, samples }: CpuProfile): Profiled {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  const self = new Map<string, number>();
  const total = new Map<string, number>();
  const add = (map: Map<string, number>, name: string) => map.set(name, (map.get(name) ?? 0) + 1);
  for (const sample of samples) {
    add(self, nameOf(byId.get(sample)!));
    const stack = new Set<string>();
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      stack.add(nameOf(byId.get(id)!));
    }
    for (const name of stack) add(total, name);
  }
  const sorted = (map: Map<string, number>) =>
    [...map].sort((a, b) => b[1] - a[1]).slice(0, SHARES_MAX)
      .map(([name, n]) => ({ name, share: n / samples.length }));
  return { samples: samples.length, self: sorted(self), total: sorted(total) };
}

function nameOf({ callFrame }: Node): string {
  const file = callFrame.url.split("/").slice(-2).join("/");
  return `${callFrame.functionName || "(anonymous)"} ${file}:${callFrame.lineNumber + 1}`;
}
