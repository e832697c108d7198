import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createBackupEngine, dedup, directory, localStorage, rawKey } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";

const MB = 1_000_000;

it("a dedup site on a full disk can be pruned, and is usable again", async () => {
  using folder = temporaryFolder();
  const disk = join(folder.path, "disk");
  const source = join(folder.path, "source");
  mkdirSync(disk);
  mkdirSync(source);
  // Needs the right to mount (root); without it this fails and says so.
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], { stdio: ["ignore", "inherit", "inherit"] });
  try {
    await using engine = createBackupEngine({
      app: { name: "acceptance", version: "1.0.0" },
      sources: [directory("tree", { path: source })],
      sites: {
        usb: {
          storage: localStorage({ path: join(disk, "site"), requireMount: true }),
          format: dedup(),
          key: rawKey(Buffer.alloc(32, 7)),
        },
      },
    });
    const site = "usb";
    const list = async () => (await engine.backups.list({ site })).map(({ id }) => id);
    const verified = async (id: string) => (await engine.verify({ site, id, level: "content" })).ok;

    // Packs that are dead in parts: of each backup a third stays in the tree.
    const made: string[] = [];
    let failed: unknown;
    for (let n = 0; n < 20 && failed === undefined; n++) {
      for (const name of ["a", "b"]) writeFileSync(join(source, name), randomBytes(MB));
      writeFileSync(join(source, `kept-${n}`), randomBytes(MB));
      await engine.backup({ site }).then(
        ({ id }) => made.unshift(id),
        (error: unknown) => {
          failed = error;
        },
      );
    }
    expect(failed).toMatchObject({ code: "NO_SPACE" });
    expect(failed).toHaveProperty("hint");
    expect(await list()).toEqual(made);
    const [last = "", ...older] = made;
    expect(older.length).toBeGreaterThan(3);

    for (const id of older) await engine.backups.delete({ site, id });
    const report = await engine.prune({ site, maxUnused: 0 });
    expect(report).toMatchObject({ pendingPacks: 0, problems: [] });
    expect(report.deletedBytes).toBeGreaterThan(8 * MB);
    await engine.prune({ site, maxUnused: 0 });
    const { totals } = await engine.planPrune({ site, maxUnused: 0 });
    expect(totals.goingPacks).toBe(0);
    expect(await verified(last)).toBe(true);

    const { id } = await engine.backup({ site });
    expect(await verified(id)).toBe(true);
    expect(await list()).toEqual([id, last]);
    expect(readdirSync(join(disk, "site/backups")).sort()).toEqual([last, id]);
    rmSync(source, { recursive: true });
    const plan = await engine.planRestore({ site, id });
    expect(await engine.restore(plan, { confirm: plan.token })).toMatchObject({ problemCount: 0 });
  } finally {
    execFileSync("umount", ["-l", disk]);
  }
});
