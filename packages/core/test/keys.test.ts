import { passphrase, rawKey, recoveryCode, unencrypted } from "@lifeboat/crypto";
import { describe, expect, it } from "vitest";
import { collect, host, KEY, keys, texts } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });
const cheap = (text: string) => passphrase(text, { memoryKiB: 8, passes: 1 });
const sources = [texts("settings", { a: "1" })];

describe("the keys of a site", () => {
  it("can be added, listed and removed, and each opens all backups", async () => {
    const { engine, storage } = host({ sources });
    const { id } = await engine.backup({ site: "local" });
    const ring = engine.keys("local");
    const added = await ring.add(cheap("second"), { label: "Anna's" });
    const { code, key } = await ring.createRecoveryCode({ label: "the safe" });
    expect(await ring.list()).toMatchObject([
      { kind: "raw" },
      { ...added, label: "Anna's" },
      { ...key, kind: "recovery", label: "the safe" },
    ]);
    for (const option of [KEY, cheap("second"), recoveryCode(code)]) {
      const other = host({ storage, key: option }).engine;
      expect(await other.verify({ site: "local", id })).toMatchObject({ ok: true });
    }
    await ring.remove(added.id);
    await expect(host({ storage, key: cheap("second") }).engine.backups.list({ site: "local" })).rejects.toThrow(
      coded("WRONG_KEY"),
    );
    await expect(
      host({ storage, key: recoveryCode(code) }).engine.backups.list({ site: "local" }),
    ).resolves.toHaveLength(1);
  });

  it("let a passphrase be changed, without touching data; the engine goes on", async () => {
    const { engine, storage } = host({ sources, key: cheap("old") });
    const { id } = await engine.backup({ site: "local" });
    const before = await Promise.all(
      (await keys(storage, "backups/")).map(async (key) => Buffer.concat(await collect(storage.get(key)))),
    );
    await engine.keys("local").changePassphrase({ to: cheap("new") });
    expect(
      await Promise.all(
        (await keys(storage, "backups/")).map(async (key) => Buffer.concat(await collect(storage.get(key)))),
      ),
    ).toEqual(before);
    const next = await engine.backup({ site: "local" });
    const other = host({ storage, key: cheap("new"), sources }).engine;
    expect((await other.backups.list({ site: "local" })).map((backup) => backup.id)).toEqual([next.id, id]);
    await expect(host({ storage, key: cheap("old") }).engine.backups.list({ site: "local" })).rejects.toThrow(
      coded("WRONG_KEY"),
    );
    await expect(engine.keys("local").changePassphrase({ to: cheap("third") })).rejects.toThrow(coded("WRONG_KEY"));
    await engine.keys("local").changePassphrase({ from: cheap("new"), to: cheap("third") });
  });

  it("are never all removed", async () => {
    const { engine } = host({ sources });
    await engine.backup({ site: "local" });
    const [only] = await engine.keys("local").list();
    await expect(engine.keys("local").remove(only!.id)).rejects.toThrow(coded("INVALID"));
  });

  it("of two hosts are both kept, also when they are changed at once", async () => {
    const { engine, storage } = host({ sources });
    await engine.backup({ site: "local" });
    const other = host({ storage }).engine;
    await engine.keys("local").list();
    await other.keys("local").list();
    await engine.keys("local").add(rawKey(new Uint8Array(32).fill(1)));
    await other.keys("local").add(rawKey(new Uint8Array(32).fill(2)));
    expect(await engine.keys("local").list()).toHaveLength(3);
    const outcomes = await Promise.allSettled(
      [engine, other, engine, other].map((each, i) => each.keys("local").add(rawKey(new Uint8Array(32).fill(10 + i)))),
    );
    const added = outcomes.filter(({ status }) => status === "fulfilled").length;
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "LOCKED" });
    expect(await engine.keys("local").list()).toHaveLength(3 + added);
  });

  it("do not exist where a site is not encrypted, or not there", async () => {
    await expect(host({ sources }).engine.keys("local").list()).rejects.toThrow(coded("NOT_FOUND"));
    const { engine } = host({ sources, key: unencrypted() });
    await engine.backup({ site: "local" });
    await expect(engine.keys("local").list()).rejects.toThrow(coded("INVALID"));
  });
});

describe("the descriptor of a site", () => {
  it.each(["lifeboat.json", "lifeboat.copy.json"])(
    "may lose %s: the other copy opens the site, and the next backup mends it",
    async (lost) => {
      for (const damage of [null, Buffer.from("garbage")]) {
        const { engine, storage } = host({ sources });
        const { id } = await engine.backup({ site: "local" });
        if (damage === null) await storage.delete([lost]);
        else await storage.put(lost, damage);
        const other = host({ storage, sources }).engine;
        expect(await other.verify({ site: "local", id })).toMatchObject({ ok: true });
        await other.backup({ site: "local" });
        const [a, b] = await Promise.all(
          ["lifeboat.json", "lifeboat.copy.json"].map(async (key) => Buffer.concat(await collect(storage.get(key)))),
        );
        expect(a).toEqual(b);
      }
    },
  );

  it("is never made anew where there is data already", async () => {
    const { engine, storage } = host({ sources });
    await engine.backup({ site: "local" });
    await storage.delete(["lifeboat.json", "lifeboat.copy.json"]);
    const other = host({ storage, sources }).engine;
    await expect(other.backup({ site: "local" })).rejects.toThrow(coded("CORRUPT"));
    await expect(other.backups.list({ site: "local" })).rejects.toThrow(coded("CORRUPT"));
    expect(await keys(storage, "lifeboat")).toEqual([]);
  });

  it("says which format a site has", async () => {
    const { engine, storage } = host({ sources });
    await engine.backup({ site: "local" });
    const other = host({ storage, format: { name: "dedup", open: () => expect.unreachable() } }).engine;
    await expect(other.backups.list({ site: "local" })).rejects.toThrow(coded("INCOMPATIBLE"));
  });
});
