import { spawn, spawnSync } from "node:child_process";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import type { RetentionPolicy } from "../../../src/index.ts";
import { inOffset } from "./local-time.ts";

/** A backup of one of many histories. */
export interface Snapshot {
  readonly host: string;
  readonly time: Date;
}

/** A repository of restic's, in which each host is a history by itself. */
export interface ResticRepository {
  /** Adds a snapshot by `restic backup --time`. */
  backUp(snapshot: Snapshot): void;
  /** Adds snapshots as restic would write them: each is a small sealed document that names a tree that is there already. */
  write(snapshots: readonly Snapshot[], timeZone?: string): void;
  /** What `restic forget --dry-run` keeps: the times of each host's snapshots. */
  forget(policy: RetentionPolicy): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** What restic can: 0.16 keeps the oldest while a count is not used up, and knows `unlimited`. */
export interface ResticVersion {
  readonly text: string;
  readonly keepsOldest: boolean;
}

/** Which restic there is. @throws where there is none */
export function findRestic(): ResticVersion {
  const { status, stdout } = spawnSync("restic", ["version"], { encoding: "utf8" });
  const [, text = "", major, minor] = /^restic ((\d+)\.(\d+)\S*)/.exec(stdout ?? "") ?? [];
  if (status !== 0 || text === "") throw new Error("There is no restic to compare with: apt-get install restic");
  return { text, keepsOldest: Number(major) > 0 || Number(minor) >= 16 };
}

/** Makes a repository in this folder. restic reckons days by the time zone that it runs in. */
export function resticRepository(folder: string, timeZone: string, { keepsOldest }: ResticVersion): ResticRepository {
  const repository = join(folder, "repository");
  const env = { ...process.env, TZ: timeZone, RESTIC_PASSWORD: "restic", RESTIC_REPOSITORY: repository };
  const data = join(folder, "data");

  function restic(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync("restic", ["--no-cache", ...args], { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`restic ${args.join(" ")} failed: ${stderr}`);
    return stdout;
  }

  function backUp({ host, time }: Snapshot): void {
    const local = inOffset(time, timeZone).slice(0, 19).replace("T", " ");
    restic("backup", "--host", host, "--time", local, data);
  }

  mkdirSync(data);
  writeFileSync(join(data, "file"), "data");
  restic("init");
  backUp({ host: "template", time: new Date("2020-01-01T00:00:00Z") });
  const [template] = JSON.parse(restic("snapshots", "--json")) as [Record<string, unknown>];
  const { id: _, short_id: __, ...shared } = template;
  const key = masterKey(restic("cat", "masterkey"));

  return {
    backUp,
    write(snapshots, zone = timeZone) {
      for (const { host, time } of snapshots) {
        const document = { ...shared, time: inOffset(time, zone), hostname: host };
        const sealed = seal(Buffer.from(JSON.stringify(document)), key);
        const name = createHash("sha256").update(sealed).digest("hex");
        writeFileSync(join(repository, "snapshots", name), sealed, { mode: 0o400 });
      }
    },
    async forget(policy) {
      const args = ["--no-cache", "forget", "--dry-run", "--json", "--group-by", "host", ...flags(policy, keepsOldest)];
      const groups = JSON.parse(await output(args, env)) as readonly Group[];
      return new Map(groups.map(({ host, keep }) => [host, (keep ?? []).map(({ time }) => iso(time)).sort()]));
    },
  };
}

interface Group {
  readonly host: string;
  readonly keep: readonly { readonly time: string }[] | null;
}

const iso = (time: string) => new Date(time).toISOString();

function output(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("restic", args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const [out, err]: Buffer[][] = [[], []];
    child.stdout.on("data", (piece: Buffer) => out?.push(piece));
    child.stderr.on("data", (piece: Buffer) => err?.push(piece));
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) resolve(Buffer.concat(out ?? []).toString());
      else reject(new Error(`restic ${args.join(" ")} failed: ${Buffer.concat(err ?? []).toString()}`));
    });
  });
}

/** `keepWithinDaily: "7d"` is `--keep-within-daily 7d`. Before 0.16, a large number says `unlimited`. */
function flags(policy: RetentionPolicy, knowsUnlimited: boolean): string[] {
  return Object.entries(policy).flatMap(([option, value]) => {
    const name = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return [name, value === "unlimited" && !knowsUnlimited ? "1000000" : String(value)];
  });
}

interface MasterKey {
  readonly encrypt: Buffer;
  readonly k: Buffer;
  readonly r: Buffer;
}

function masterKey(text: string): MasterKey {
  const { mac, encrypt } = JSON.parse(text) as { mac: { k: string; r: string }; encrypt: string };
  return {
    encrypt: Buffer.from(encrypt, "base64"),
    k: Buffer.from(mac.k, "base64"),
    r: Buffer.from(mac.r, "base64"),
  };
}

/** AES-256-CTR and Poly1305-AES: the initial value, the ciphertext, the tag (design document of restic, "Keys, Encryption and MAC"). */
function seal(plain: Buffer, { encrypt, k, r }: MasterKey): Buffer {
  const nonce = randomBytes(16);
  const cipher = createCipheriv("aes-256-ctr", encrypt, nonce);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  const block = createCipheriv("aes-128-ecb", k, null).setAutoPadding(false).update(nonce);
  return Buffer.concat([nonce, ciphertext, poly1305(ciphertext, Buffer.concat([r, block]))]);
}
