import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "./support/folder.ts";

const MEASURE = new URL("support/measure.mjs", import.meta.url).pathname;
const MIB = 1024 * 1024;
/** `LIFEBOAT_MEMORY_GIB=4` measures 4 and 8 GiB instead. */
const GIB = Number(process.env.LIFEBOAT_MEMORY_GIB ?? 1);

/** A quarter each in one file that compresses, in files of 16 MiB, of 1 MiB, and of 32 KiB. */
function makeData(folder: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  const noise = randomBytes(32 * MIB);
  const make = (kind: string, share: number, size: number) => {
    mkdirSync(join(folder, kind), { recursive: true });
    for (let n = 0; n < (bytes * share) / size; n++) {
      const file = openSync(join(folder, kind, `${n}`), "w");
      const at = (n * 7919) % (noise.length - size);
      writeSync(file, noise, at, size);
      closeSync(file);
    }
  };
  makeDump(join(folder, "dump"), bytes * 0.25);
  make("large", 0.25, 16 * MIB);
  make("medium", 0.25, MIB);
  make("small", 0.25, 32 * 1024);
}

/** Half noise, half text: as a database's file is. */
function makeDump(path: string, bytes: number): void {
  const page = Buffer.alloc(8192, "INSERT INTO events (camera, at, kind) VALUES (1, '2026-11-20', 'motion');\n");
  const pages = Buffer.concat(Array.from({ length: 512 }, () => [randomBytes(4096), page.subarray(0, 4096)]).flat());
  const file = openSync(path, "w");
  for (let at = 0; at < bytes; at += pages.length) writeSync(file, pages);
  closeSync(file);
}

it(`takes at most 250 MB above the idle process for ${GIB} GiB, and no more for ${2 * GIB} GiB`, () => {
  const peaks = [GIB, 2 * GIB].map((gib) => {
    using folder = temporaryFolder();
    const source = join(folder.path, "source");
    makeData(source, gib * 1024 * MIB);
    const printed = execFileSync("node", [MEASURE, source, folder.path], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    rmSync(source, { recursive: true });
    console.log(`${gib} GiB, MB: ${printed.trim()}`);
    return JSON.parse(printed) as { ok: boolean; backup: number; verify: number; restore: number };
  });
  const [once, twice] = peaks;
  for (const peak of peaks) {
    expect(peak.ok).toBe(true);
    expect(Math.max(peak.backup, peak.verify, peak.restore)).toBeLessThanOrEqual(250);
  }
  for (const what of ["backup", "verify", "restore"] as const) {
    // The collector's whims, not the data, make the difference.
    expect(twice![what], what).toBeLessThanOrEqual(once![what] + 40);
  }
});
