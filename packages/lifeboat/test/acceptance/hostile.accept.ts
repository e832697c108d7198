import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Source, SourceEntry } from "@lifeboat/contracts";
import { describe, expect, it } from "vitest";
import { createBackupEngine, directory, localStorage, unencrypted } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";

/** A site that somebody else has filled, restored by an unsuspecting host. */
async function restoreHostile(
  entries: readonly SourceEntry[],
  prepare: (target: string, outside: string) => void = () => undefined,
) {
  using folder = temporaryFolder();
  const outside = join(folder.path, "outside");
  const target = join(folder.path, "target");
  mkdirSync(outside);
  writeFileSync(join(outside, "precious"), "precious");
  prepare(target, outside);
  const hostile: Source = {
    id: "data",
    async *entries() {
      yield* entries;
    },
    async restore() {},
  };
  const engineOf = (source: Source) =>
    createBackupEngine({
      app: { name: "acceptance", version: "1.0.0" },
      sources: [source],
      sites: { site: { storage: localStorage({ path: join(folder.path, "site") }), key: unencrypted() } },
    });
  await using somebody = engineOf(hostile);
  const { id } = await somebody.backup({ site: "site" });
  await using engine = engineOf(directory("data", { path: target }));
  const outcome = await (async () => {
    const plan = await engine.planRestore({ site: "site", id });
    await engine.restore(plan, { confirm: plan.token });
    return null;
  })().catch((error: unknown) => error);
  expect(readdirSync(outside)).toEqual(["precious"]);
  expect(readFileSync(join(outside, "precious"), "utf8")).toBe("precious");
  return outcome;
}

function file(path: string, text = "owned"): SourceEntry {
  return {
    path,
    type: "file",
    size: text.length,
    mode: 0o644,
    mtimeMs: 0,
    async *open() {
      yield Buffer.from(text);
    },
  };
}

const link = (path: string, target: string): SourceEntry => ({
  path,
  type: "symlink",
  mode: 0o777,
  mtimeMs: 0,
  target,
});

describe("A hostile archive", () => {
  it("does not write through a link that it brings along", async () => {
    expect(await restoreHostile([link("a", "../outside"), file("a/precious")])).toMatchObject({ key: "a/precious" });
    expect(await restoreHostile([link("a", "../outside/precious"), file("a")])).toMatchObject({ key: "a" });
  });

  it("does not write through a link that was there before", async () => {
    const outcome = await restoreHostile(
      [{ path: "a", type: "directory", mode: 0o755, mtimeMs: 0 }, file("a/new")],
      (target, outside) => {
        mkdirSync(target);
        symlinkSync(outside, join(target, "a"));
      },
    );
    // The link is replaced by the directory that was backed up, or the entry is refused; never followed.
    if (outcome !== null) expect(outcome).toMatchObject({ key: expect.stringContaining("a") as string });
  });

  it("does not hard-link to what lies outside", async () => {
    const entries: SourceEntry[] = [
      link("way", ".."),
      { path: "stolen", type: "hardlink", mode: 0o644, mtimeMs: 0, target: "way/outside/precious" },
    ];
    expect(await restoreHostile(entries)).toMatchObject({ key: "stolen" });
  });

  it("does not bring the same name twice", async () => {
    expect(await restoreHostile([file("a", "one"), file("b"), file("a", "two")])).toMatchObject({ key: "a" });
  });
});
