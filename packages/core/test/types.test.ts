import { archive } from "@lifeboat/archive";
import type { Job } from "@lifeboat/contracts";
import { unencrypted } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type Backup, type BackupEngine, createBackupEngine } from "../src/index.ts";
import { texts } from "./support.ts";

const site = () => ({ storage: memoryStorage(), format: archive(), key: unencrypted() });

function example() {
  return createBackupEngine({
    app: { name: "nvr", version: "1.9.0" },
    sources: [
      { ...texts("settings", {}), id: "settings" as const },
      { ...texts("media", {}), id: "media" as const },
    ],
    sites: { local: site(), offsite: site() },
    threads: 0,
  });
}

it("The names of sites and sources are part of an engine's type", async () => {
  await using engine = example();
  expectTypeOf(engine).toEqualTypeOf<BackupEngine<"local" | "offsite", "settings" | "media", never>>();
  type Backing = (typeof engine)["backup"];
  expectTypeOf<Parameters<Backing>[0]["site"]>().toEqualTypeOf<"local" | "offsite">();
  expectTypeOf<ReturnType<Backing>>().toEqualTypeOf<Job<Backup>>();
  // @ts-expect-error a site that does not exist
  await expect(engine.backup({ site: "offsiet" })).rejects.toThrow();
  // @ts-expect-error a source that does not exist
  await expect(engine.backup({ site: "local", sources: ["setings"] })).rejects.toThrow();
  // @ts-expect-error a source that does not exist
  await expect(engine.backup({ site: "local", sources: { setings: true } })).rejects.toThrow();
  // @ts-expect-error a site that does not exist
  await expect(engine.backups.list({ site: "x" })).rejects.toThrow();
});

it("An engine whose names are only known at run time is a plain BackupEngine", async () => {
  await using engine: BackupEngine = example();
  const name: string = "local";
  expect(await engine.backups.list({ site: name })).toEqual([]);
});

it("Sources come and go, and each has an id of its own", async () => {
  await using engine: BackupEngine = example();
  const plugin = texts("plugin", { a: "1" });
  const unregister = engine.register(plugin);
  expect(() => engine.register(texts("plugin", {}))).toThrow(expect.objectContaining({ code: "INVALID" }));
  for (const id of ["", "Media", "-x", "a_b", "a".repeat(65), "ä"]) {
    expect(() => engine.register(texts(id, {}))).toThrow(expect.objectContaining({ code: "INVALID" }));
  }
  expect((await engine.backup({ site: "local", sources: ["plugin"] })).parts).toHaveLength(1);
  unregister();
  unregister();
  await expect(engine.backup({ site: "local", sources: ["plugin"] })).rejects.toThrow(
    expect.objectContaining({ code: "NOT_FOUND" }),
  );
});

describe("a host without a compiler", () => {
  const options = { app: { name: "nvr", version: "1.9.0" }, sources: [texts("settings", { a: "1" })], threads: 0 };
  const coded = (message: RegExp) =>
    expect.objectContaining({ code: "INVALID", message: expect.stringMatching(message) });

  it("is told at once that a site has no storage or key, and never what it gave in a key's place", () => {
    for (const key of [undefined, null, "hunter2", {}]) {
      const make = () => createBackupEngine({ ...options, sites: { local: { ...site(), key: key as never } } });
      expect(make).toThrow(coded(/^The site "local" has no usable key\.$/));
    }
    const make = () => createBackupEngine({ ...options, sites: { local: { ...site(), storage: undefined as never } } });
    expect(make).toThrow(coded(/no usable storage/));
  });

  it("gets no report of a verification at a level that there is not", async () => {
    await using engine = createBackupEngine({ ...options, sites: { local: site() } });
    const { id } = await engine.backup({ site: "local" });
    const level = "full" as never;
    await expect(engine.verify({ site: "local", id, level })).rejects.toThrow(coded(/found "full"/));
  });

  it("is told how a plan is confirmed, and how places are given", async () => {
    await using engine = createBackupEngine({ ...options, sites: { local: site() } });
    const { id } = await engine.backup({ site: "local" });
    const plan = await engine.planRestore({ site: "local", id });
    await expect(engine.restore(plan, undefined as never)).rejects.toThrow(coded(/does not confirm/));
    const to = "/somewhere" as never;
    await expect(engine.planRestore({ site: "local", id, to })).rejects.toThrow(coded(/directories by source id/));
  });
});
