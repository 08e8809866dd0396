/** What the reply subject of a JetStream message tells, in the old form (9 tokens) and the new (12). */

export interface Delivery {
  /** 1 at the first delivery. */
  readonly deliveries: number;
  /** Sequence in the stream. */
  readonly sequence: number;
  /** Sequence in the consumer: rises by one with each delivery. */
  readonly delivered: number;
  /** When the broker stored the message, Unix milliseconds. */
  readonly arrival_ms: number;
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivered>.<ns>.<pending>` */
export function deliveryOf(reply: string): Delivery {
  const tokens = reply.split(".");
  const shift = tokens.length > 9 ? 2 : 0;
  return {
    deliveries: Number(tokens[4 + shift]),
    sequence: Number(tokens[5 + shift]),
    delivered: Number(tokens[6 + shift]),
    // Nanoseconds do not fit a number exactly; the last six digits are not needed.
    arrival_ms: Math.floor(Number(tokens[7 + shift]!.slice(0, -3)) / 1_000),
  };
}
