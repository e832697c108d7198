import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** What is compared. */
export const TOOLS = ["lifeboat", "restic", "restic-fast", "borg-lz4", "borg-zstd"] as const;

/** One of {@link TOOLS}. */
export type ToolName = (typeof TOOLS)[number];

/** What is measured, in this order, on one repository. */
export const ROWS = ["first", "verify", "unchanged", "changed", "restore", "one file", "prune"] as const;

/** One of {@link ROWS}. */
export type Row = (typeof ROWS)[number];

/** A command, or what comes between those that are measured. */
export type Step = Row | "again";

/**
 * A tool as shell commands, run by `bash -o pipefail -c`. They find their places in the environment: `CORPUS` is
 * the tree, `SITE` a new folder for what the tool stores, `OUT` a new folder to restore into, `STATE` a new folder for
 * its caches, `ONE` the relative path of one file.
 */
export interface Tool {
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
  /** Makes an empty repository; not timed. */
  readonly prepare?: string;
  readonly commands: Readonly<Record<Step, string>>;
}

const CHILD = join(import.meta.dirname, "lifeboat.mjs");
const RESTIC = process.env.RESTIC ?? "restic";
const BORG = process.env.BORG ?? "borg";

/** restic has had `fastest` since 0.18; before that nothing is faster than `off`. */
export function fastestMode(): string {
  return /\bfastest\b/.test(spawnSync(RESTIC, ["backup", "--help"], { encoding: "utf8" }).stdout ?? "")
    ? "fastest"
    : "off";
}

function restic(compression: string): Tool {
  const place = `--repo "$SITE" --cache-dir "$STATE"`;
  const backup = `cd "$CORPUS" && ${RESTIC} backup ${compression}${place} .`;
  return {
    version: `${RESTIC} version`,
    env: { RESTIC_PASSWORD: "bench" },
    prepare: `${RESTIC} init ${place}`,
    commands: {
      first: backup,
      unchanged: backup,
      changed: backup,
      again: backup,
      restore: `${RESTIC} restore latest --target "$OUT" ${place}`,
      "one file": `${RESTIC} restore latest --target "$OUT" --include "/$ONE" ${place}`,
      verify: `${RESTIC} check --read-data ${place}`,
      prune: `${RESTIC} forget --keep-last 2 --prune ${place}`,
    },
  };
}

function borg(compression: string): Tool {
  const backup = (name: string) => `cd "$CORPUS" && ${BORG} create ${compression}"$SITE::${name}" .`;
  return {
    version: `${BORG} --version`,
    env: { BORG_PASSPHRASE: "bench" },
    prepare: `BORG_BASE_DIR="$STATE" ${BORG} init --encryption=repokey "$SITE"`,
    commands: Object.fromEntries(
      Object.entries({
        first: backup("first"),
        unchanged: backup("unchanged"),
        changed: backup("changed"),
        again: backup("again"),
        restore: `cd "$OUT" && ${BORG} extract "$SITE::changed"`,
        "one file": `cd "$OUT" && ${BORG} extract "$SITE::changed" "$ONE"`,
        verify: `${BORG} check --verify-data "$SITE"`,
        prune: `${BORG} delete "$SITE" first unchanged && ${BORG} compact "$SITE"`,
      }).map(([step, command]) => [step, `export BORG_BASE_DIR="$STATE"; ${command}`]),
    ) as Record<Step, string>,
  };
}

function lifeboat(): Tool {
  const run = (operation: string) => `node "${CHILD}" ${operation}`;
  return {
    version: "node --version",
    env: {},
    commands: {
      first: run("backup"),
      unchanged: run("backup"),
      changed: run("backup"),
      again: run("backup"),
      restore: run("restore"),
      "one file": run("one"),
      verify: run("verify"),
      prune: run("prune"),
    },
  };
}

/** The tools; all of them encrypt. */
export function makeTools(): Record<ToolName, Tool> {
  return {
    lifeboat: lifeboat(),
    restic: restic(""),
    "restic-fast": restic(`--compression ${fastestMode()} `),
    "borg-lz4": borg(""),
    "borg-zstd": borg("--compression zstd,1 "),
  };
}

/** What an idle host is that has imported Lifeboat, and nothing more. */
export const IDLE = `node "${CHILD}" idle`;

/** The first line of what a tool says of its version; throws where the tool is missing. */
export function versionOf(name: ToolName, { version }: Tool): string {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", version], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} does not run here: ${stderr.trim()} (leave it out with --only)`);
  return stdout.split("\n", 1)[0] ?? "";
}
