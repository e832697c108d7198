import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { compareTrees } from "@lifeboat/testkit";
import { expect, it } from "vitest";
import { makeLargeFiles, makeSmallFiles } from "./remote/data.ts";
import { SITES } from "./remote/sites.ts";
import { temporaryFolder } from "./support/folder.ts";

const HOST = new URL("support/remote.mjs", import.meta.url).pathname;
/** `LIFEBOAT_REMOTE=full` takes 20,000 small files and 2 GB instead of a tenth. */
const SCALE = process.env.LIFEBOAT_REMOTE === "full" ? 1 : 0.1;
const FILES = 20_000 * SCALE;
/** The most memory above the idle process, in MiB, with any kind of site: 250 MB. */
const MEMORY = 238;
const BYTES = 2_000_000_000 * SCALE;

interface Step {
  readonly seconds: number;
  /** MiB above the idle process. */
  readonly peak: number;
}
interface Measured {
  readonly ok: boolean;
  readonly backup: Step;
  readonly verify: Step;
  readonly restore: Step;
}

const run = promisify(execFile);

it("backs up, verifies and restores small and large files on every kind of site, byte for byte, in bounded memory", async () => {
  using folder = temporaryFolder();
  const small = join(folder.path, "small");
  const large = join(folder.path, "large");
  const sources = [
    { name: `${FILES} files`, path: small, bytes: makeSmallFiles(small, FILES) },
    { name: "large files", path: large, bytes: makeLargeFiles(large, BYTES) },
  ];
  const lines: string[] = [];
  for (const start of SITES) {
    await using site = await start(folder.path);
    for (const source of sources) {
      const restored = join(folder.path, "restored");
      const options = { ...site.options, ...subfolder(site.options, source.path === small ? "small" : "large") };
      const { stdout } = await run("node", [HOST, source.path, restored], {
        env: { ...process.env, NODE_OPTIONS: "--no-warnings", SITE: JSON.stringify(options) },
      });
      const measured = JSON.parse(stdout) as Measured;
      const differences = await compareTrees(source.path, restored);
      rmSync(restored, { recursive: true });
      const megabytes = source.bytes / 1_000_000;
      for (const step of ["backup", "verify", "restore"] as const) {
        const { seconds, peak } = measured[step];
        const rate = (megabytes / seconds).toFixed(0);
        lines.push(
          `${site.name.padEnd(9)} ${source.name.padEnd(12)} ${megabytes.toFixed(0).padStart(5)} MB  ${step.padEnd(8)}` +
            `${seconds.toFixed(1).padStart(6)} s ${rate.padStart(5)} MB/s  ${String(peak).padStart(4)} MiB of ${MEMORY}`,
        );
        expect.soft(peak, lines.at(-1)).toBeLessThanOrEqual(MEMORY);
      }
      expect.soft(measured.ok).toBe(true);
      expect.soft(differences).toEqual([]);
    }
  }
  console.log(lines.join("\n"));
});

/** A folder of its own in the site's storage. */
function subfolder({ type, path }: Readonly<Record<string, unknown>>, name: string): Record<string, string> {
  return type === "s3" ? { prefix: name } : { path: `${String(path)}-${name}` };
}
