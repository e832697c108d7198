import { archive } from "@lifeboat/archive";
import type { Job } from "@lifeboat/contracts";
import { unencrypted } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, expectTypeOf, it } from "vitest";
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
  expectTypeOf(engine).toEqualTypeOf<BackupEngine<"local" | "offsite", "settings" | "media">>();
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
