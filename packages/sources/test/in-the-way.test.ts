import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { directory, files } from "../src/index.ts";
import { all, backupContext, list, restoreContext, restored, temporary } from "./tools.ts";

const source = (path: string) => directory("data", { path });

/** A disk of its own, mounted at a directory for one test. Wants root. */
function mountAt(path: string): void {
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", path]);
  onTestFinished(() => void execFileSync("umount", [path]));
}

describe("a place that something else writes to", () => {
  test("keeps what appeared in it, and nothing of the restore that it breaks stays", async () => {
    const to = temporary();
    async function* entries() {
      yield restored({ path: "a" }, "backed up");
      writeFileSync(join(to, "a"), "somebody's own");
    }
    const context = restoreContext({ to });
    await expect(source("/nowhere").restore(context, entries())).rejects.toMatchObject({ code: "CONFLICT", key: "a" });
    expect(context.problems).toEqual([]);
    expect(readdirSync(to)).toEqual(["a"]);
    expect(readFileSync(join(to, "a"), "utf8")).toBe("somebody's own");
  });
});

describe("a new place that somebody else makes meanwhile", () => {
  test("stays theirs, and nothing of the restore is left", async () => {
    const parent = temporary();
    const to = join(parent, "to");
    async function* entries() {
      yield restored({ path: "a" }, "backed up");
      mkdirSync(to);
      writeFileSync(join(to, "b"), "somebody's own");
    }
    const context = restoreContext({ to });
    const restoring = source("/nowhere").restore(context, entries());
    await expect(restoring).rejects.toMatchObject({ name: "LifeboatError", code: "CONFLICT", key: to });
    expect(context.problems).toEqual([]);
    expect(readdirSync(parent, { recursive: true }).map(String).sort()).toEqual(["to", "to/b"]);
  });
});

describe("what is in the way of an entry", () => {
  test.each(["replace", "merge"] as const)("%s never deletes another disk that is mounted in it", async (mode) => {
    const root = temporary();
    const disk = join(root, "media", "deep", "disk");
    mountAt(disk);
    writeFileSync(join(disk, "film"), "the only copy");
    const context = restoreContext({ mode });
    const restoring = source(root).restore(context, list(restored({ path: "media", type: "symlink", target: "/srv" })));
    await expect(restoring).rejects.toMatchObject({ code: "CONFLICT", key: "media" });
    expect(readFileSync(join(disk, "film"), "utf8")).toBe("the only copy");
    expect(readdirSync(root)).toEqual(["media"]);
  });

  test("and can't be removed fails the restore with an error that says so", async () => {
    const root = temporary();
    mkdirSync(join(root, "a/b"), { recursive: true });
    async function* entries() {
      yield restored({ path: "a" }, new Uint8Array(600_000)); // so large a file is in its place when the next one is asked for
      const aside = readdirSync(root).find(
        (name) => name.startsWith(".lifeboat-") && existsSync(join(root, name, "b")),
      );
      mountAt(join(root, aside ?? "absent", "b"));
    }
    const restoring = directory("data", { path: root, threads: false }).restore(
      restoreContext({ mode: "merge" }),
      entries(),
    );
    await expect(restoring).rejects.toMatchObject({ name: "LifeboatError", message: /make room/ });
  });

  test("goes however deep it is, though a restore that was killed left its own behind", async () => {
    const root = temporary();
    const deep = Array.from({ length: 40 }, () => "d").join("/");
    mkdirSync(join(root, "a", deep), { recursive: true });
    const left = join(root, `.lifeboat-gone-${process.pid.toString(36)}-0`); // a container's process has the same id each time
    mkdirSync(join(left, "x"), { recursive: true });
    await source(root).restore(restoreContext({ mode: "merge" }), list(restored({ path: "a" }, "a file")));
    expect(readFileSync(join(root, "a"), "utf8")).toBe("a file");
    expect(readdirSync(left)).toEqual(["x"]);
    expect(readdirSync(root).length).toBe(2);
  });
});

describe("a source that requires its disk to be mounted", () => {
  test("is neither backed up nor restored to while it is not", async () => {
    const disk = join(temporary(), "disk");
    const path = join(disk, "media");
    mkdirSync(path, { recursive: true });
    const unmounted = { code: "UNREACHABLE", retryable: true, hint: expect.stringMatching(/not mounted/) };
    const sources = [
      directory("data", { path, requireMount: disk }),
      files("data", { base: path, paths: ["a"], requireMount: disk }),
    ];
    const entries = () => list(restored({ path: "a" }, "a"));
    for (const each of sources) {
      await expect(all(each.entries(backupContext()))).rejects.toMatchObject(unmounted);
      await expect(each.restore(restoreContext(), entries())).rejects.toMatchObject(unmounted);
      await each.restore(restoreContext({ to: join(temporary(), "elsewhere") }), entries());
    }
    expect(readdirSync(path)).toEqual([]);
    mountAt(disk);
    mkdirSync(path);
    for (const each of sources) {
      await each.restore(restoreContext(), entries());
      expect((await all(each.entries(backupContext()))).map((entry) => entry.path)).toEqual(["a"]);
    }
  });
});
