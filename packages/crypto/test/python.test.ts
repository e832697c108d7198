import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  addSlot,
  createDescriptor,
  encodeKeyBlock,
  generateRecoveryCode,
  passphrase,
  rawKey,
  recoveryCode,
  SealedKind,
  sealStream,
} from "@lifeboat/crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, pieces } from "./helpers.ts";
import { flip, named } from "./vectors/fixed.ts";
import { wrap } from "./vectors/sealed-parts.ts";

const here = import.meta.dirname;
const reader = join(here, "../../../docs/spec/reader/lifeboat_reader.py");
const words = "correct horse battery staple, pâté";
const raw = named("raw key", 40);
const printed = generateRecoveryCode();
const content = Buffer.alloc(5_000_000, named("content of a part", 1009));

/** The first Python 3 that has the two modules: the one in the path, or Debian's. */
function findPython(): string {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const probe = spawnSync(python, ["-c", "import cryptography, argon2.low_level"], { stdio: "ignore" });
    if (probe.status === 0) return python;
  }
  throw new Error(
    "The second reader needs python3 with two modules: apt-get install python3 python3-cryptography python3-argon2",
  );
}

describe("the second reader, in Python and from the specification alone", () => {
  let python = "";
  const folder = mkdtempSync(join(tmpdir(), "lifeboat-reader-"));
  const files = { part: join(folder, "part"), pack: join(folder, "pack"), site: join(folder, "lifeboat.json") };

  beforeAll(async () => {
    python = findPython();
    const made = await createDescriptor({
      format: "archive",
      formatVersion: 1,
      key: passphrase(words),
      label: "Anna's",
    });
    if (made.siteKey === null) throw new Error("expected a key");
    const { siteKey } = made;
    const code = await addSlot({ descriptor: made.descriptor, siteKey }, recoveryCode(printed));
    const { bytes, descriptor } = await addSlot({ descriptor: code.descriptor, siteKey }, rawKey(raw));
    const common = { suite: 1, siteKey, segmentBytes: 1_000_000 } as const;
    const five = Array.from({ length: 5 }, (_, i) => content.subarray(i * 1_000_000, (i + 1) * 1_000_000));
    const part = { ...common, kind: SealedKind.archivePart, keyBlock: encodeKeyBlock(descriptor) };
    const wrapTable = (table: Uint8Array) => wrap(table, five);
    writeFileSync(files.part, await collect(sealStream(pieces(content, 65_536), { ...part, wrapTable })));
    const pack = { ...common, kind: SealedKind.pack, suite: 2, keyBlock: new Uint8Array(0) } as const;
    writeFileSync(files.pack, await collect(sealStream(pieces(content, 65_536), pack)));
    writeFileSync(files.site, bytes);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  /** Unseals with a secret in the environment, as a person would. */
  function unseal(file: string, ...args: string[]) {
    const env = { ...process.env, PASS: words, WRONG: "wrong horse", CODE: printed.toLowerCase() };
    const run = spawnSync(python, [reader, "unseal", file, ...args], { env, maxBuffer: 2 * content.length });
    return { status: run.status, out: Uint8Array.from(run.stdout), message: run.stderr.toString() };
  }

  it("reads every vector as ours does", () => {
    const output = execFileSync(python, [join(here, "python/check_vectors.py")]).toString();
    const { count, differ } = JSON.parse(output);
    expect(differ).toEqual([]);
    expect(count).toBeGreaterThan(400);
  });

  it("unseals an archive part with the passphrase, and nothing else", () => {
    const { status, out, message } = unseal(files.part, "--passphrase-env", "PASS");
    expect({ status, message }).toEqual({ status: 0, message: "" });
    expect(Buffer.compare(out.subarray(0, content.length), content)).toBe(0);
    expect(out.length).toBe(content.length + 8 + 4 + 5 * 9 + 20);
  });

  it("unseals it with the recovery code, and with the host's raw key", () => {
    const key = join(folder, "key");
    writeFileSync(key, raw);
    for (const args of [
      ["--recovery-code-env", "CODE"],
      ["--raw-key-file", key],
    ]) {
      const { status, out } = unseal(files.part, ...args);
      expect(status).toBe(0);
      expect(Buffer.compare(out.subarray(0, content.length), content)).toBe(0);
    }
  });

  it("unseals what carries no slots with the site's lifeboat.json", () => {
    const { status, out } = unseal(files.pack, "--passphrase-env", "PASS", "--site", files.site);
    expect(status).toBe(0);
    expect(Buffer.compare(out, content)).toBe(0);
    expect(unseal(files.pack, "--passphrase-env", "PASS")).toMatchObject({ status: 7 });
  });

  it("tells a wrong passphrase from damage, and prints no secret", () => {
    const wrong = unseal(files.part, "--passphrase-env", "WRONG");
    expect(wrong).toMatchObject({ status: 4, message: expect.stringContaining("WRONG_KEY") });
    expect(wrong.out.length).toBe(0);
    expect(wrong.message).not.toContain("wrong horse");
    const damaged = join(folder, "damaged");
    writeFileSync(damaged, flip(readFileSync(files.part), -100));
    expect(unseal(damaged, "--passphrase-env", "PASS")).toMatchObject({ status: 3 });
    expect(unseal(join(folder, "none"), "--passphrase-env", "PASS")).toMatchObject({ status: 1 });
  });
});
