import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBackupEngine, directory, localStorage, passphrase } from "../src/index.ts";

describe("A test of a site on a disk of this machine says", () => {
  async function test(path: string, requireMount = false) {
    const media = join(root, "media");
    await mkdir(media, { recursive: true });
    await using engine = createBackupEngine({
      app: { name: "nvr", version: "1.9.0" },
      sources: [directory("media", { path: media })],
      sites: {
        disk: { storage: localStorage({ path, requireMount }), key: passphrase("correct horse battery staple") },
      },
      threads: 0,
    });
    return await engine.sites.test("disk");
  }

  let root = "";
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "lifeboat-site-test-"));
    await writeFile(join(root, "file"), "x");
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it("that it is the data's own disk, and leaves nothing in the directory", async () => {
    const path = join(root, "site");
    const report = await test(path);
    expect(report.findings.map(({ code }) => code).filter((code) => code !== "little-space")).toEqual(["same-disk"]);
    expect(report).toMatchObject({ ok: true, measured: { space: { total: expect.any(Number) } } });
    expect((await readdir(path)).filter((name) => name !== ".lifeboat-tmp")).toEqual([]);
  });

  it("that the disk is not mounted, and makes no directory in its place", async () => {
    const report = await test(join(root, "unplugged"), true);
    expect(report).toMatchObject({ ok: false, findings: [{ level: "error", code: "not-mounted" }, {}] });
    expect(report.findings[0]?.hint).toContain("plug it in, mount it");
    expect(await readdir(root)).not.toContain("unplugged");
  });

  it("that the directory may not be written to, or is none", async () => {
    const refused = await test("/sys/lifeboat-site-test");
    expect(refused).toMatchObject({ ok: false, findings: [{ level: "error", code: "write-denied" }] });
    expect(refused.findings[0]?.message).toContain("Nothing can be written to /sys/lifeboat-site-test");
    expect(refused.findings[0]?.hint).toMatch(/Let the user that runs this process own|Mount the disk for reading and/);
    const file = await test(join(root, "file"));
    expect(file.ok).toBe(false);
    expect(file.findings[0]).toMatchObject({ level: "error", code: "wrong-settings" });
  });
});
