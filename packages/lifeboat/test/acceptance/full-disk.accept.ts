import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createBackupEngine, directory, localStorage, rawKey } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";

it("says NO_SPACE on a full disk, lists nothing of it, and goes on working", async () => {
  using folder = temporaryFolder();
  const disk = join(folder.path, "disk");
  const source = join(folder.path, "source");
  mkdirSync(disk);
  mkdirSync(source);
  // Needs the right to mount (root); without it this fails and says so.
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], { stdio: ["ignore", "inherit", "inherit"] });
  try {
    await using engine = createBackupEngine({
      app: { name: "acceptance", version: "1.0.0" },
      sources: [directory("tree", { path: source })],
      sites: {
        usb: {
          storage: localStorage({ path: join(disk, "site"), requireMount: true }),
          key: rawKey(Buffer.alloc(32, 7)),
        },
      },
    });
    writeFileSync(join(source, "small"), randomBytes(2_000_000));
    const first = await engine.backup({ site: "usb" });
    writeFileSync(join(source, "large"), randomBytes(20_000_000));
    const failing = engine.backup({ site: "usb" });
    await expect(failing).rejects.toMatchObject({ code: "NO_SPACE" });
    await expect(failing).rejects.toHaveProperty("hint");
    expect((await engine.backups.list({ site: "usb" })).map(({ id }) => id)).toEqual([first.id]);
    expect(await engine.verify({ site: "usb", id: first.id, level: "content" })).toMatchObject({ ok: true });
    rmSync(join(source, "large"));
    const next = await engine.backup({ site: "usb" });
    expect(await engine.verify({ site: "usb", id: next.id, level: "content" })).toMatchObject({ ok: true });
    expect(readdirSync(join(disk, "site/backups")).sort()).toEqual([first.id, next.id]);
  } finally {
    execFileSync("umount", ["-l", disk]);
  }
});
