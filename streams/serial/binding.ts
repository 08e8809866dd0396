/**
 * npm:serialport on Deno. Its native part opens, configures, flushes and drains the port; reads and
 * writes go through `node:tty` streams on the same descriptor, because `node:fs` does not know a
 * descriptor that Deno did not open (EBADF). The streams open the terminal again for themselves, so
 * that closing them ends a read that waits and leaves no thread behind.
 *
 * The only file that imports serialport packages.
 */
import { SerialPort } from "serialport";
import { SerialPortStream } from "@serialport/stream";
import { Buffer } from "node:buffer";
import { ReadStream, WriteStream } from "node:tty";

type Native = Awaited<ReturnType<typeof SerialPort.binding.open>> & { fd: number | null };

interface OpenOptions {
  readonly path: string;
  readonly baudRate: number;
  readonly dataBits: 7 | 8;
  readonly parity: "none" | "even" | "odd";
  readonly stopBits: 1 | 2;
  /** Refuse a port that another process has locked. */
  readonly lock: boolean;
}

/** One open port, as `@serialport/stream` drives it. */
class DenoPort {
  readonly openOptions: Native["openOptions"];
  readonly #native: Native;
  readonly #reads: ReadStream;
  readonly #writes: WriteStream;
  #isOpen = true;
  #lost: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(native: Native, descriptor: number) {
    this.#native = native;
    this.openOptions = native.openOptions;
    this.#reads = new ReadStream(descriptor);
    this.#writes = new WriteStream(descriptor);
    this.#reads.on("readable", () => this.#notify());
    this.#reads.on("end", () => this.#lose(new Error("the other side went away")));
    this.#reads.on("error", (error: Error) => this.#lose(error));
    this.#writes.on("error", (error: Error) => this.#lose(error));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Waits for at least one byte. Rejects when the port is closed (`canceled`) or was unplugged. */
  async read(buffer: Buffer, offset: number, length: number) {
    for (;;) {
      if (!this.#isOpen) throw Object.assign(new Error("Port is not open"), { canceled: true });
      // Asking an empty stream for one byte is what makes it say "readable" again.
      const wanted = Math.min(length, Math.max(1, this.#reads.readableLength));
      const chunk: Buffer | null = this.#reads.read(wanted);
      if (chunk !== null) {
        chunk.copy(buffer, offset);
        return { buffer, bytesRead: chunk.length };
      }
      if (this.#lost) throw this.#lost;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(buffer: Buffer): Promise<void> {
    if (!this.#isOpen) return Promise.reject(new Error("Port is not open"));
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#writes.write(buffer, (error) => error ? reject(error) : resolve());
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) throw new Error("Port is not open");
    this.#isOpen = false;
    const closed = [this.#reads, this.#writes].map((stream) =>
      new Promise<void>((resolve) => stream.once("close", () => resolve()).destroy())
    );
    this.#notify();
    await Promise.all(closed);
    await this.#native.close();
  }

  update(options: { baudRate: number }): Promise<void> {
    return this.#native.update(options);
  }

  set(options: Parameters<Native["set"]>[0]): Promise<void> {
    return this.#native.set(options);
  }

  get(): ReturnType<Native["get"]> {
    return this.#native.get();
  }

  getBaudRate(): Promise<{ baudRate: number }> {
    return this.#native.getBaudRate();
  }

  /** Throws away what was not yet read, in the terminal and here. */
  async flush(): Promise<void> {
    await this.#native.flush();
    while (this.#reads.read() !== null);
  }

  drain(): Promise<void> {
    return this.#native.drain();
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

/** The binding for `SerialPortStream`: `new SerialPortStream({ binding: denoBinding, ... })`. */
export const denoBinding = {
  list: () => SerialPort.binding.list(),
  async open(options: OpenOptions): Promise<DenoPort> {
    const native = await SerialPort.binding.open(options) as Native;
    try {
      return new DenoPort(native, native.fd!);
    } catch (error) {
      await native.close();
      throw error;
    }
  },
};

export type SerialStream = SerialPortStream<typeof denoBinding>;

export interface SerialSettings {
  readonly path: string;
  readonly baudRate: number;
  readonly dataBits: 7 | 8;
  readonly parity: "none" | "even";
}

/** Opens a port for this process alone (a lock on it). Rejects with the system's words. */
export function openSerialStream(settings: SerialSettings): Promise<SerialStream> {
  return new Promise((resolve, reject) => {
    const options = { ...settings, stopBits: 1 as const, lock: true, binding: denoBinding };
    const stream: SerialStream = new SerialPortStream(
      options,
      (error) => error ? reject(error) : resolve(stream),
    );
  });
}
