/** Which tools are wanted, from where, and how a download is known to be the right one. */

/** A release archive and the SHA-256 that its publisher gave. */
export interface Archive {
  readonly url: string;
  readonly sha256: string;
}

export interface ToolPin {
  readonly name: "nats-server" | "nats";
  /** Older ones are not accepted, wherever they lie. */
  readonly oldest: string;
  /** The release whose archives are pinned below. */
  readonly release: string;
  /** By `Deno.build.os`-`Deno.build.arch`. */
  readonly archives: Readonly<Record<string, Archive>>;
  /** What `go install` builds; the Go checksum database stands for its content. */
  readonly goModule: string;
}

function archives(
  url: (platform: string) => string,
  sums: Readonly<Record<string, readonly [platform: string, sha256: string]>>,
): Readonly<Record<string, Archive>> {
  return Object.fromEntries(
    Object.entries(sums).map((
      [host, [platform, sha256]],
    ) => [host, { url: url(platform), sha256 }]),
  );
}

const RELEASES = "https://github.com/nats-io";

/**
 * The newest release with sums that were published in a second place: the recipe of the official
 * container image (nats-io/nats-docker, 2.14.x) has the Linux ones, the Hermit package index
 * (cashapp/hermit-packages) has all four.
 */
export const natsServer: ToolPin = {
  name: "nats-server",
  oldest: "2.9.0",
  release: "2.14.5",
  archives: archives(
    (platform) =>
      `${RELEASES}/nats-server/releases/download/v2.14.5/nats-server-v2.14.5-${platform}.tar.gz`,
    {
      "linux-x86_64": [
        "linux-amd64",
        "5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355",
      ],
      "linux-aarch64": [
        "linux-arm64",
        "673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c",
      ],
      "darwin-x86_64": [
        "darwin-amd64",
        "f95c98d6b6ed2b63c5681b46b092c9585c99767d547cf495730c329234625e96",
      ],
      "darwin-aarch64": [
        "darwin-arm64",
        "ddd907854d9a2de834af133fa396915fe6442fe6d8909ae31390d1ea7a0fea50",
      ],
    },
  ),
  goModule: "github.com/nats-io/nats-server/v2@v2.15.2",
};

/** Sums as the Hermit package index has them. */
export const natsCli: ToolPin = {
  name: "nats",
  oldest: "0.1.0",
  release: "0.4.0",
  archives: archives(
    (platform) => `${RELEASES}/natscli/releases/download/v0.4.0/nats-0.4.0-${platform}.zip`,
    {
      "linux-x86_64": [
        "linux-amd64",
        "8dbd437c826b953dbd7432cf890ef22ba3c33dccc3dce5e71b3e8d055427849c",
      ],
      "linux-aarch64": [
        "linux-arm64",
        "9ce0c8a6653cd697d0b32687fcb53b59c13a2ad7a6ade7af8ad8a1c0f7357a87",
      ],
      "darwin-x86_64": [
        "darwin-amd64",
        "87cbc208a9fb1dcd3be364ab351a14901c9c29d50ef6a7a2fd897362dbb0db47",
      ],
      "darwin-aarch64": [
        "darwin-arm64",
        "39a68a0673f1b87d0887f48b02ca17f5d803f5689d4a9cff8e74b6411d6baef7",
      ],
    },
  ),
  goModule: "github.com/nats-io/natscli/nats@v0.5.1",
};

/** The first `1.2.3` in `text`, without a leading v. */
export function versionIn(text: string): string | undefined {
  return /(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
}

/** Whether `version` is `oldest` or newer, by its numbers. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [have, want] = [version, oldest].map((text) => text.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (have![i] ?? 0) - (want![i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
