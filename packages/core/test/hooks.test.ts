import { describe, expect, it } from "vitest";
import { collect, host, keys, textEntry, texts } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });

/** A source that notes when its hooks are called. */
function noting(id: string, log: string[], fails: Readonly<Record<string, boolean>> = {}) {
  const hook = (name: string) => (outcome?: { ok: boolean }) => {
    log.push(`${id} ${name}${outcome === undefined ? "" : ` ${outcome.ok}`}`);
    if (fails[name]) throw new Error(`${id} ${name} failed`);
  };
  return texts(
    id,
    { a: "1" },
    {
      hooks: {
        beforeBackup: hook("beforeBackup"),
        afterBackup: hook("afterBackup"),
        beforeRestore: hook("beforeRestore"),
        afterRestore: hook("afterRestore"),
      },
      ...(fails.entries
        ? {
            entries: () => {
              throw new Error("entries failed");
            },
          }
        : {}),
      ...(fails.restore ? { restore: () => Promise.reject(new Error("restore failed")) } : {}),
    },
  );
}

describe("the hooks of sources", () => {
  it("hold all sources still while they are read, and let go in reverse", async () => {
    const log: string[] = [];
    const { engine } = host({ sources: [noting("db", log), noting("files", log)] });
    await engine.backup({ site: "local" });
    expect(log).toEqual(["db beforeBackup", "files beforeBackup", "files afterBackup true", "db afterBackup true"]);
  });

  it("let every source go on when a later one can't hold still", async () => {
    const log: string[] = [];
    const { engine, storage } = host({
      sources: [noting("db", log), noting("files", log, { beforeBackup: true }), noting("last", log)],
    });
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("SOURCE_FAILED"));
    expect(log).toEqual(["db beforeBackup", "files beforeBackup", "files afterBackup false", "db afterBackup false"]);
    expect(await keys(storage, "backups/")).toEqual([]);
  });

  it("let every source go on when one fails, and the backup is not listed", async () => {
    const log: string[] = [];
    const { engine } = host({
      sources: [noting("db", log), noting("files", log, { entries: true, afterBackup: true })],
    });
    const job = engine.backup({ site: "local" });
    const events = await collect(job);
    await expect(job).rejects.toThrow(
      expect.objectContaining({ code: "SOURCE_FAILED", message: expect.stringContaining("entries failed") }),
    );
    expect(log.slice(2)).toEqual(["files afterBackup false", "db afterBackup false"]);
    expect(events).toContainEqual({
      type: "problem",
      problem: expect.objectContaining({ source: "files", message: expect.stringContaining("afterBackup failed") }),
    });
    expect(await engine.backups.list({ site: "local" })).toEqual([]);
  });

  it("that can't let go make the backup one with problems", async () => {
    const { engine } = host({ sources: [noting("db", [], { afterBackup: true })] });
    const backup = await engine.backup({ site: "local" });
    expect(backup).toMatchObject({ status: "problems", summary: "complete with 1 problem", problemCount: 1 });
    expect(await engine.backups.get({ site: "local", id: backup.id })).toEqual(backup);
    expect(backup.problems).toMatchObject([{ source: "db", code: "SOURCE_FAILED" }]);
  });

  it("are called around a restore, whatever fails in it", async () => {
    const log: string[] = [];
    const { engine } = host({ sources: [noting("db", log), noting("files", log, { restore: true })] });
    const { id } = await engine.backup({ site: "local" });
    log.length = 0;
    const plan = await engine.planRestore({ site: "local", id });
    await expect(engine.restore(plan, { confirm: plan.token })).rejects.toThrow(coded("SOURCE_FAILED"));
    expect(log).toEqual([
      "db beforeRestore",
      "files beforeRestore",
      "files afterRestore false",
      "db afterRestore false",
    ]);
  });
});

describe("what a source could not take as it is", () => {
  it("is counted, named, and kept with the backup", async () => {
    const { engine } = host({
      sources: [
        texts(
          "media",
          { a: "1" },
          {
            async *entries(context) {
              yield textEntry("a", "1");
              context.report({ path: "b", code: "PERMISSION_DENIED", message: "b can't be read." });
            },
          },
        ),
      ],
    });
    const job = engine.backup({ site: "local" });
    const events = await collect(job);
    const backup = await job;
    const problem = { source: "media", path: "b", code: "PERMISSION_DENIED", message: "b can't be read." };
    expect(events).toContainEqual({ type: "problem", problem });
    expect(backup).toMatchObject({ status: "problems", problems: [problem], parts: [{ problemCount: 1 }] });
    expect((await engine.backups.list({ site: "local" }))[0]).toEqual(backup);
  });
});
