import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compareTrees, hardTree } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { createBackupEngine, directory, localStorage, passphrase, unencrypted } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";
import { findPython } from "./support/python.ts";

const SECRET = "correct horse battery staple";
const READER = new URL("../../../../docs/spec/reader/lifeboat_reader.py", import.meta.url).pathname;

async function sha256(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of stream) hash.update(piece);
  return hash.digest("hex");
}

describe("A tree of everything that is hard to back up", () => {
  it("comes back identical from a sealed and from a plain site, and GNU tar opens the plain part", async () => {
    using folder = temporaryFolder();
    const tree = join(folder.path, "tree");
    mkdirSync(tree);
    await hardTree(tree, { huge: true });
    await using engine = createBackupEngine({
      app: { name: "acceptance", version: "1.0.0" },
      sources: [directory("tree", { path: tree })],
      sites: {
        sealed: { storage: localStorage({ path: join(folder.path, "sealed") }), key: passphrase(SECRET) },
        plain: { storage: localStorage({ path: join(folder.path, "plain") }), key: unencrypted() },
      },
    });
    for (const site of ["sealed", "plain"] as const) {
      const backup = await engine.backup({ site });
      const verified = await engine.verify({ site, id: backup.id, level: "content" });
      expect(verified).toMatchObject({ ok: true, problems: [] });
      const to = join(folder.path, `restored-${site}`);
      const plan = await engine.planRestore({ site, id: backup.id, to: { tree: to } });
      await engine.restore(plan, { confirm: plan.token });
      expect(await compareTrees(tree, to)).toEqual([]);
      execFileSync("rm", ["-rf", to]);
    }

    const [backup] = await engine.backups.list({ site: "plain" });
    const part = join(folder.path, "plain/backups", backup!.id, "tree.tar.zst");
    const extracted = join(folder.path, "extracted");
    mkdirSync(extracted);
    execFileSync("tar", ["--zstd", "-xpf", part, "--exclude=.lifeboat", "-C", extracted], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    expect(execFileSync("diff", ["-r", "--no-dereference", tree, extracted]).toString()).toBe("");
  });

  it("is unsealed by the second reader to the exact tar, by passphrase and by recovery code", async () => {
    using folder = temporaryFolder();
    const tree = join(folder.path, "tree");
    mkdirSync(tree);
    await hardTree(tree);
    await using engine = createBackupEngine({
      app: { name: "acceptance", version: "1.0.0" },
      sources: [directory("tree", { path: tree })],
      sites: {
        sealed: { storage: localStorage({ path: join(folder.path, "sealed") }), key: passphrase(SECRET) },
        plain: { storage: localStorage({ path: join(folder.path, "plain") }), key: unencrypted() },
      },
    });
    await engine.backup({ site: "sealed" });
    const { code } = await engine.keys("sealed").createRecoveryCode();
    const backup = await engine.backup({ site: "sealed" });
    const part = join(folder.path, "sealed/backups", backup.id, "tree.tar.zst.sealed");

    const unseal = (flag: string, secret: string) =>
      execFileSync(findPython(), [READER, "unseal", part, flag, "LIFEBOAT_SECRET"], {
        env: { ...process.env, LIFEBOAT_SECRET: secret },
        maxBuffer: 1 << 30,
      });
    const byPassphrase = unseal("--passphrase-env", SECRET);
    expect(unseal("--recovery-code-env", code).equals(byPassphrase)).toBe(true);

    const tar = execFileSync("zstd", ["-dc"], { input: byPassphrase, maxBuffer: 1 << 30 });
    const extracted = join(folder.path, "extracted");
    mkdirSync(extracted);
    execFileSync("tar", ["-xpf", "-", "--exclude=.lifeboat", "-C", extracted], {
      input: tar,
      stdio: ["pipe", "ignore", "pipe"],
    });
    expect(execFileSync("diff", ["-r", "--no-dereference", tree, extracted]).toString()).toBe("");

    // And the entries are those of a plain part of the same tree, byte for byte.
    const plain = await engine.backup({ site: "plain" });
    const plainPart = readFileSync(join(folder.path, "plain/backups", plain.id, "tree.tar.zst"));
    const plainTar = execFileSync("zstd", ["-dc"], { input: plainPart, maxBuffer: 1 << 30 });
    const content = (bytes: Buffer) =>
      execFileSync("tar", ["-xOf", "-", "--exclude=.lifeboat"], { input: bytes, maxBuffer: 1 << 30 });
    expect(content(tar).equals(content(plainTar))).toBe(true);
    expect(await sha256(createReadStream(part))).toBe(execFileSync("sha256sum", [part]).toString().slice(0, 64));
  });
});
