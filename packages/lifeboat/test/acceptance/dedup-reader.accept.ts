import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareTrees, hardTree } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { createBackupEngine, dedup, directory, json, localStorage, passphrase, unencrypted } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";
import { findPython } from "./support/python.ts";

const SECRET = "correct horse battery staple";
const READER = new URL("../../../../docs/spec/reader/lifeboat_dedup.py", import.meta.url).pathname;

/** Runs the second reader; answers its output, or the class of what it found wrong. */
function read(...args: readonly string[]): string {
  const env = { ...process.env, SECRET, PYTHONDONTWRITEBYTECODE: "1" };
  const { status, stdout, stderr } = spawnSync(findPython(), [READER, ...args], { env, encoding: "utf8" });
  return status === 0 ? stdout : (stderr.trim().split("\n").at(-1) ?? "").replace(/:.*$/s, "");
}

describe("The second reader, in Python and from the specification alone", () => {
  it("restores backups of a dedup site, sealed or plain, and tells what is wrong with one", async () => {
    using folder = temporaryFolder();
    const tree = join(folder.path, "tree");
    mkdirSync(tree);
    await hardTree(tree);
    // Larger than 64 chunks, so that references lie in chunks of their own; and text, which compresses.
    const noise = Buffer.alloc(24 << 20);
    for (let at = 0, state = 1; at < noise.length; at++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      noise[at] = state >>> 24;
    }
    writeFileSync(join(tree, "large"), noise);
    await using engine = createBackupEngine({
      app: { name: "acceptance", version: "1.0.0" },
      sources: [
        directory("tree", { path: tree }),
        json("settings", { dump: () => ({ theme: "dark" }), load: () => {} }),
      ],
      sites: {
        sealed: {
          storage: localStorage({ path: join(folder.path, "sealed") }),
          format: dedup(),
          key: passphrase(SECRET),
        },
        plain: { storage: localStorage({ path: join(folder.path, "plain") }), format: dedup(), key: unencrypted() },
      },
    });
    const keys = { sealed: ["--passphrase-env", "SECRET"], plain: [] };
    for (const site of ["sealed", "plain"] as const) {
      const place = join(folder.path, site);
      writeFileSync(join(tree, "text"), "Women and children first. ".repeat(200_000));
      const first = await engine.backup({ site });
      writeFileSync(join(tree, "text"), "Lifeboat. ".repeat(300_000));
      const { id } = await engine.backup({ site });
      expect(read("list", place, ...keys[site])).toBe(`${first.id}\n${id}\n`);
      const out = join(folder.path, `out-${site}`);
      expect(read("restore", place, id, out, ...keys[site])).toBe("");
      expect(await compareTrees(tree, join(out, "tree"))).toEqual([]);
      expect(JSON.parse(readFileSync(join(out, "settings", "settings.json"), "utf8"))).toMatchObject({ theme: "dark" });
      execFileSync("rm", ["-rf", out]);
      expect(read("restore", place, first.id, out, "--source", "tree", ...keys[site])).toBe("");
      expect(readFileSync(join(out, "tree", "text"), "utf8")).toMatch(/^Women and children first\. /);
      expect(existsSync(join(out, "settings"))).toBe(false);
      execFileSync("rm", ["-rf", out]);

      const [index = ""] = readdirSync(join(place, "index"));
      rmSync(join(place, "index", index)); // the packs tell themselves what they hold
      writeFileSync(join(place, "index", index), "nothing");
      expect(read("restore", place, id, out, ...keys[site])).toBe("");
      expect(await compareTrees(tree, join(out, "tree"))).toEqual([]);
      execFileSync("rm", ["-rf", out]);

      expect(read("list", place, ...keys[site === "plain" ? "sealed" : "plain"])).toBe("INCOMPATIBLE");
      const packs = readdirSync(join(place, "packs"), { recursive: true, withFileTypes: true });
      for (const pack of packs.filter((entry) => entry.isFile())) {
        const path = join(pack.parentPath, pack.name);
        const bytes = readFileSync(path);
        bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200);
        writeFileSync(path, bytes);
      }
      expect(read("restore", place, id, out, ...keys[site])).toMatch(/CORRUPT|NOT_FOUND/);
      execFileSync("rm", ["-rf", out]);

      // A repair finds the packs damaged, the next backup stores their chunks again: both copies are there.
      rmSync(join(place, "index", index));
      await engine.repair({ site });
      await engine.backup({ site });
      expect(read("restore", place, id, out, ...keys[site])).toBe("");
      expect(await compareTrees(tree, join(out, "tree"))).toEqual([]);
    }
  });
});
