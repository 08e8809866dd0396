/** A real pseudo-terminal whose far end is the test: what the reader opens is `path`. */

const DARWIN = Deno.build.os === "darwin";
const O_RDWR = 2;
const O_NOCTTY = DARWIN ? 0x20000 : 0o400;
const O_NONBLOCK = DARWIN ? 4 : 0o4000;
const POLLIN = 1;

const SYMBOLS = {
  posix_openpt: { parameters: ["i32"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname: { parameters: ["i32"], result: "pointer" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

export interface Pty {
  readonly path: string;
  /** Called with what the reader sends. */
  onBytes: (bytes: Uint8Array) => void;
  /** Sends to the reader. Returns how many bytes the terminal took. */
  send(bytes: Uint8Array): number;
  /** Closes the far end: for the reader the cable is pulled out. */
  unplug(): Promise<void>;
}

/** Why this machine cannot run tests with a pseudo-terminal, or null when it can. */
export function whyNoPty(): string | null {
  return Deno.build.os === "linux" || DARWIN ? null : `no pseudo-terminals on ${Deno.build.os}`;
}

export function openPty(): Pty {
  const libc = Deno.dlopen(DARWIN ? "/usr/lib/libSystem.B.dylib" : "libc.so.6", SYMBOLS);
  const fd = libc.symbols.posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (fd < 0 || libc.symbols.grantpt(fd) !== 0 || libc.symbols.unlockpt(fd) !== 0) {
    libc.close();
    throw new Error("the system gave no pseudo-terminal");
  }
  const path = Deno.UnsafePointerView.getCString(libc.symbols.ptsname(fd)!);
  let open = true;
  const pty: Pty = {
    path,
    onBytes: () => {},
    send(bytes) {
      return Number(libc.symbols.write(fd, new Uint8Array(bytes), BigInt(bytes.length)));
    },
    async unplug() {
      if (!open) return;
      open = false;
      await pumping;
      libc.symbols.close(fd);
      libc.close();
    },
  };
  const pumping = pump(libc, fd, () => open, (bytes) => pty.onBytes(bytes));
  return pty;
}

async function pump(
  libc: Deno.DynamicLibrary<typeof SYMBOLS>,
  fd: number,
  isOpen: () => boolean,
  take: (bytes: Uint8Array) => void,
): Promise<void> {
  const request = new Uint8Array(8);
  const buffer = new Uint8Array(1_024);
  while (isOpen()) {
    new DataView(request.buffer).setInt32(0, fd, true);
    new DataView(request.buffer).setInt16(4, POLLIN, true);
    await libc.symbols.poll(request, 1n, 20);
    if (new DataView(request.buffer).getInt16(6, true) & POLLIN) {
      const length = Number(libc.symbols.read(fd, buffer, BigInt(buffer.length)));
      if (length > 0) take(buffer.slice(0, length));
    } else await new Promise((resolve) => setTimeout(resolve, 2)); // nobody has opened it yet
  }
}
