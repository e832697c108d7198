import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** What is compared. */
export const TOOLS = ["lifeboat", "restic", "borg", "tar-zstd", "tar-gzip", "cp"] as const;

/** One of {@link TOOLS}. */
export type ToolName = (typeof TOOLS)[number];

/** What is measured. */
export const OPERATIONS = ["backup", "verify", "restore"] as const;

/** One of {@link OPERATIONS}. */
export type Operation = (typeof OPERATIONS)[number];

/**
 * A tool as shell commands, run by `bash -o pipefail -c`. They find their places in the
 * environment: `CORPUS` is the tree, `SITE` a new folder for what the tool stores, `OUT`
 * a new folder to restore into, `STATE` a new folder for its caches.
 */
export interface Tool {
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
  /** Makes an empty repository; not timed. */
  readonly prepare?: string;
  readonly commands: Readonly<Partial<Record<Operation, string>>>;
}

const CHILD = join(import.meta.dirname, "lifeboat.mjs");

/** The tools, with their default settings; Lifeboat, restic and borg encrypt. */
export const tools: Record<ToolName, Tool> = {
  lifeboat: {
    version: `node --version`,
    env: {},
    commands: {
      backup: `node "${CHILD}" backup`,
      verify: `node "${CHILD}" verify`,
      restore: `node "${CHILD}" restore`,
    },
  },
  restic: {
    version: "restic version",
    env: { RESTIC_PASSWORD: "bench" },
    prepare: `restic init --repo "$SITE" --cache-dir "$STATE"`,
    commands: {
      backup: `cd "$CORPUS" && restic backup --repo "$SITE" --cache-dir "$STATE" .`,
      verify: `restic check --read-data --repo "$SITE" --cache-dir "$STATE"`,
      restore: `restic restore latest --target "$OUT" --repo "$SITE" --cache-dir "$STATE"`,
    },
  },
  borg: {
    version: "borg --version",
    env: { BORG_PASSPHRASE: "bench" },
    prepare: `BORG_BASE_DIR="$STATE" borg init --encryption=repokey "$SITE"`,
    commands: {
      backup: `cd "$CORPUS" && BORG_BASE_DIR="$STATE" borg create "$SITE::first" .`,
      verify: `BORG_BASE_DIR="$STATE" borg check --verify-data "$SITE"`,
      restore: `cd "$OUT" && BORG_BASE_DIR="$STATE" borg extract "$SITE::first"`,
    },
  },
  "tar-zstd": {
    version: "zstd --version",
    env: {},
    commands: {
      backup: `tar -cf - -C "$CORPUS" . | zstd -3 -T0 -q -o "$SITE/all.tar.zst"`,
      verify: `zstd -tq "$SITE/all.tar.zst"`,
      restore: `zstd -dcq "$SITE/all.tar.zst" | tar -xpf - -C "$OUT"`,
    },
  },
  "tar-gzip": {
    version: "gzip --version",
    env: {},
    commands: {
      backup: `tar -cf - -C "$CORPUS" . | gzip -1 > "$SITE/all.tar.gz"`,
      verify: `gzip -t "$SITE/all.tar.gz"`,
      restore: `gzip -dc "$SITE/all.tar.gz" | tar -xpf - -C "$OUT"`,
    },
  },
  cp: {
    version: "cp --version",
    env: {},
    commands: { backup: `cp -a "$CORPUS/." "$SITE"`, restore: `cp -a "$SITE/." "$OUT"` },
  },
};

/** The first line of what a tool says of its version; throws where the tool is missing. */
export function versionOf(name: ToolName): string {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", tools[name].version], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} does not run here: ${stderr.trim()} (leave it out with --only)`);
  return stdout.split("\n", 1)[0] ?? "";
}
