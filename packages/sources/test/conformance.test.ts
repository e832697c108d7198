import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "@lifeboat/contracts";
import { compareTrees, hardTree, sourceSuite } from "@lifeboat/testkit";
import { expect, test } from "vitest";
import { command, directory, files, json } from "../src/index.ts";
import { all, backedUp, backupContext, content, restoreContext, roundTrip, temporary } from "./tools.ts";

/** Names, modes, times and content. */
function treeState(root: string): unknown {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, mtimeMs } = statSync(path);
      const text = entry.isFile() ? readFileSync(path, "latin1") : "";
      return { path: path.slice(root.length), mode, mtimeMs: Math.floor(mtimeMs), text };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function fill(root: string): void {
  mkdirSync(join(root, "a/b"), { recursive: true });
  writeFileSync(join(root, "a/small"), "small", { mode: 0o640 });
  writeFileSync(join(root, "a/b/big"), Buffer.alloc(530_000, "big "));
  writeFileSync(join(root, "z"), "");
}

const handles = () => readdirSync("/proc/self/fd").length;

function treeUnderTest(make: (root: string) => ReturnType<typeof directory>) {
  const root = temporary();
  return {
    source: make(root),
    fill: async () => fill(root),
    clear: async () => {
      for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true });
    },
    state: async () => treeState(root),
    stateAt: async (at: string) => treeState(at),
    openHandles: handles,
  };
}

sourceSuite("directory", { create: async () => treeUnderTest((path) => directory("data", { path })) });

sourceSuite("directory, without threads", {
  create: async () => treeUnderTest((path) => directory("data", { path, threads: false })),
});

sourceSuite("files", { create: async () => treeUnderTest((base) => files("data", { base, paths: ["a", "z"] })) });

sourceSuite("json", {
  create: async () => {
    let state: Json = null;
    return {
      source: json("settings", {
        dump: () => state,
        load: (value) => {
          state = value;
        },
      }),
      fill: async () => {
        state = { list: [1, "é", null], deep: { a: true } };
      },
      clear: async () => {
        state = null;
      },
      state: async () => state,
      stateAt: async (at) => JSON.parse(readFileSync(join(at, "settings.json"), "utf8")) as Json,
    };
  },
});

sourceSuite("command", {
  create: async () => {
    const file = join(temporary(), "db");
    const read = (path: string) => readFileSync(path, "latin1");
    return {
      source: command("db", {
        command: ["cat", file],
        restore: { command: ["sh", "-c", `cat > ${file}.new && mv ${file}.new ${file}`] },
      }),
      fill: async () => writeFileSync(file, Buffer.alloc(100_000, "rows ")),
      clear: async () => writeFileSync(file, ""),
      state: async () => read(file),
      stateAt: async (at) => read(join(at, "db.dump")),
    };
  },
});

test("a tree of everything that is hard comes back identical", async () => {
  const root = temporary();
  await hardTree(root);
  const source = directory("data", { path: root });
  for (const streamed of [false, true]) {
    const to = join(temporary(), "to");
    expect(await roundTrip(source, to, streamed)).toEqual([]);
    expect(await compareTrees(root, to)).toEqual([]);
    expect(await roundTrip(source, to, streamed), "over itself").toEqual([]);
    expect(await compareTrees(root, to)).toEqual([]);
  }
});

test("a sparse file of over 8 GiB comes back sparse", async () => {
  const root = temporary();
  const to = join(temporary(), "to");
  const { hugeFile } = await hardTree(root, { huge: true });
  const source = directory("data", { path: root, include: [hugeFile!] });
  const entries = await all(source.entries(backupContext()));
  const huge = entries.find(({ path }) => path === hugeFile)!;
  expect(huge.size).toBeGreaterThan(8 * 1024 ** 3);
  // its own bytes at both ends and in the middle; reading all zeros between them would only take time
  const first = await content(
    (async function* () {
      for await (const piece of huge.open!()) {
        yield piece;
        return;
      }
    })(),
  );
  const length = 4 * 1024 * 1024;
  const entry = {
    ...(await all(backedUp([{ ...huge, size: 0, open: async function* () {} }])))[0]!,
    size: huge.size!,
    async *open() {
      let left = huge.size! - first.length;
      yield first;
      for (; left > 0; left -= length) {
        yield new Uint8Array(Math.min(left, length)); // pieces are the reader's, so each is new
      }
    },
  };
  const { copyTo: _copyTo, ...streamed } = entry;
  await directory("x", { path: "/x" }).restore(
    restoreContext({ to }),
    (async function* () {
      yield streamed;
    })(),
  );
  const stat = statSync(join(to, hugeFile!));
  expect(stat.size).toBe(huge.size);
  expect(stat.blocks * 512).toBeLessThan(2 * 1024 ** 2);
});
