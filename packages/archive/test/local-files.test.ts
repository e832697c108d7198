import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  lstatSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProblemReport, SourceEntry } from "@lifeboat/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { backUp, bytesOf, each, ID, site } from "./support.ts";

const MIB = 1024 * 1024;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lifeboat-local-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file as a source lists it. */
function listed(name: string): SourceEntry {
  const path = join(folder, name);
  const { size, mode, mtimeMs, ctimeMs, dev, ino } = lstatSync(path);
  return { path: name, type: "file", size, mode: mode & 0o7777, mtimeMs, local: { path, dev, ino, ctimeMs } };
}

async function archived(entries: readonly SourceEntry[], threads: number) {
  const problems: ProblemReport[] = [];
  const written = await backUp(archive(), site({ threads }), each(entries), {
    onProblem: (problem) => problems.push(problem),
  });
  const contents = new Map<string, Buffer>();
  for await (const entry of written.repository.read(ID, "data")) contents.set(entry.path, await bytesOf(entry.open()));
  const damage: unknown[] = [];
  await written.repository.verify(ID, "content", { onProblem: (problem) => damage.push(problem) });
  expect(damage).toEqual([]);
  return { contents, problems, part: written.part };
}

describe.each([{ threads: 2 }, { threads: 0 }])("Local files (threads: $threads)", ({ threads }) => {
  it("are read by the threads themselves, small and large", async () => {
    const small = randomBytes(1000);
    const large = randomBytes(9 * MIB + 5);
    const exact = randomBytes(4 * MIB);
    writeFileSync(join(folder, "small"), small);
    writeFileSync(join(folder, "large"), large);
    writeFileSync(join(folder, "exact"), exact);
    writeFileSync(join(folder, "empty"), "");
    const { contents, problems } = await archived(["small", "large", "exact", "empty"].map(listed), threads);
    expect(problems).toEqual([]);
    expect(contents.get("small")!.equals(small)).toBe(true);
    expect(contents.get("large")!.equals(large)).toBe(true);
    expect(contents.get("exact")!.equals(exact)).toBe(true);
    expect(contents.get("empty")!.length).toBe(0);
  });

  it("that can't be read are problems of their own, and the rest is stored", async () => {
    for (const name of ["a", "gone", "linked", "pipe", "large-gone", "z"]) writeFileSync(join(folder, name), name);
    truncateSync(join(folder, "large-gone"), 5 * MIB);
    const entries = ["a", "gone", "linked", "pipe", "large-gone", "z"].map(listed);
    rmSync(join(folder, "gone"));
    rmSync(join(folder, "large-gone"));
    renameSync(join(folder, "linked"), join(folder, "elsewhere"));
    symlinkSync("elsewhere", join(folder, "linked"));
    rmSync(join(folder, "pipe"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    const { contents, problems, part } = await archived(entries, threads);
    expect([...contents.keys()]).toEqual(["a", "z"]);
    expect(new Set(problems.map(({ path }) => path))).toEqual(new Set(["gone", "large-gone", "linked", "pipe"]));
    expect(problems.every(({ code }) => code === "NOT_FOUND")).toBe(true);
    expect(part).toMatchObject({ problemCount: 4, counts: { files: 2, directories: 0, links: 0 }, size: 2 });
  });

  it("that changed since they were listed are stored as they are now", async () => {
    for (const name of ["grown", "shrunk", "emptied", "large-grown", "large-shrunk", "small-now", "z"]) {
      writeFileSync(
        join(folder, name),
        Buffer.alloc(name.startsWith("large") || name === "small-now" ? 5 * MIB : 1000, name),
      );
    }
    const entries = ["grown", "shrunk", "emptied", "large-grown", "large-shrunk", "small-now", "z"].map(listed);
    appendFileSync(join(folder, "grown"), Buffer.alloc(3000, "more"));
    truncateSync(join(folder, "shrunk"), 10);
    truncateSync(join(folder, "emptied"), 0);
    appendFileSync(join(folder, "large-grown"), Buffer.alloc(3 * MIB, "more"));
    truncateSync(join(folder, "large-shrunk"), 3 * MIB);
    truncateSync(join(folder, "small-now"), 100);
    const { contents, problems } = await archived(entries, threads);
    expect(problems).toEqual([]);
    const sizes = Object.fromEntries([...contents].map(([path, content]) => [path, content.length]));
    expect(sizes).toEqual({
      grown: 4000,
      shrunk: 10,
      emptied: 0,
      "large-grown": 8 * MIB,
      "large-shrunk": 3 * MIB,
      "small-now": 100,
      z: 1000,
    });
  });

  it("that change while they are read are stored with a problem", async () => {
    writeFileSync(join(folder, "log"), Buffer.alloc(64 * MIB, "line\n"));
    const entry = listed("log");
    const problems: ProblemReport[] = [];
    const { storage, ...rest } = site({ threads });
    let pieces = 0;
    const meddling = {
      ...storage,
      put: (key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: object) => {
        if (body instanceof Uint8Array) return storage.put(key, body, options);
        return storage.put(key, meddle(body), options);
      },
    };
    async function* meddle(body: AsyncIterable<Uint8Array>) {
      for await (const piece of body) {
        if (++pieces === 3) truncateSync(join(folder, "log"), 40 * MIB);
        yield piece;
      }
    }
    const { repository, part } = await backUp(archive(), { ...rest, storage: meddling }, each([entry]), {
      onProblem: (problem) => problems.push(problem),
    });
    expect(problems).toMatchObject([{ path: "log", code: "changed" }]);
    expect(part).toMatchObject({ size: 64 * MIB, problemCount: 1 });
    const damage: unknown[] = [];
    await repository.verify(ID, "content", { onProblem: (problem) => damage.push(problem) });
    expect(damage).toEqual([]);
  });

  it("that are hard links to what can't be read are left out with it", async () => {
    writeFileSync(join(folder, "first"), "text");
    const first = listed("first");
    const second: SourceEntry = {
      path: "second",
      type: "hardlink",
      target: "first",
      mode: 0o644,
      mtimeMs: 0,
      local: first.local!,
    };
    rmSync(join(folder, "first"));
    const { contents, problems } = await archived([first, second], threads);
    expect([...contents.keys()]).toEqual([]);
    expect(problems.map(({ path }) => path)).toEqual(["first", "second"]);
  });
});
