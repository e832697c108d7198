import { readFileSync, writeFileSync } from "node:fs";
import { type S3Provider, s3Providers, s3Storage } from "@lifeboat/storage-s3";
import { expect, test } from "vitest";

const GUIDE = new URL("../../../docs/guide/s3.md", import.meta.url);
const BEGIN = /(<!-- services:[^>]*-->\n)[\s\S]*(<!-- \/services -->)/;
const providers: [string, S3Provider][] = Object.entries(s3Providers);

function bytes(count: number): string {
  const tebi = count / 1024 ** 4;
  return tebi >= 1
    ? `${tebi.toFixed(1).replace(/\.0$/, "")} TiB`
    : `${(count / 1024 ** 3).toFixed(1).replace(/\.0$/, "")} GiB`;
}

const CONDITIONS = { documented: "promised", lacking: "lacking", unknown: "not known" };
const CHECKSUMS = { crc32: "CRC32", md5: "Content-MD5", signature: "signature (SHA-256)" };

function services(): string {
  const head =
    "| provider | endpoint | addressing | checksum | parts | object | copies in parts | batch delete | creating |";
  const facts = providers.map(([name, one]) => {
    const cells = [
      `\`${name}\``,
      one.endpoint === undefined
        ? name === "aws"
          ? "the region's own"
          : "yours"
        : `\`${one.endpoint.replace("https://", "")}\``,
      one.addressing === "path" ? "path" : "host name",
      CHECKSUMS[one.checksums],
      `${one.maxParts.toLocaleString("en")}${one.uniformParts ? ", of one size" : ""}`,
      bytes(one.maxObjectBytes),
      one.multipartCopy ? `over ${bytes(one.maxCopyBytes)}` : "no",
      one.deleteBatch === 1 ? "no" : one.deleteBatch.toLocaleString("en"),
      CONDITIONS[one.conditionalPut],
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const notes = providers.map(
    ([, one]) => `| [${one.title}](${one.source}) | ${one.lifecycle} | ${one.notes.join(" ")} |`,
  );
  const rule = (columns: number) => `|${"---|".repeat(columns)}`;
  const second = "| service | unfinished uploads, versions, billing | limits and habits |";
  return [head, rule(9), ...facts, "", second, rule(3), ...notes, ""].join("\n");
}

test("the guide's table of services says what the presets say", () => {
  const guide = readFileSync(GUIDE, "utf8");
  expect(guide).toMatch(BEGIN);
  const expected = guide.replace(BEGIN, (_, begin: string, end: string) => `${begin}\n${services()}\n${end}`);
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(GUIDE, expected);
  else expect(guide).toBe(expected);
});

test("every service that hosts use has a preset that makes a storage", () => {
  const wanted =
    "aws backblaze-b2 cloudflare-r2 contabo digitalocean-spaces exoscale google-cloud-storage hetzner idrive-e2 ionos linode minio ovh scaleway synology-c2 upcloud vultr wasabi";
  expect(Object.keys(s3Providers)).toEqual(expect.arrayContaining(wanted.split(" ")));
  for (const [name, one] of providers) {
    const endpoint = one.endpoint === undefined && name !== "aws" ? { endpoint: "https://s3.example.org" } : {};
    const provider = name as keyof typeof s3Providers;
    const storage = s3Storage({ provider, bucket: "b", region: "region-1", account: "abc", ...endpoint });
    expect(storage.name).toBe("s3://b/");
    expect(storage.capabilities.maxObjectBytes).toBeGreaterThan(50 * 1024 ** 3);
    expect(one.lifecycle).not.toBe("");
    expect(URL.canParse(one.source)).toBe(true);
  }
});

test("the policies of the guide are JSON, and the append-only one can delete nothing but leases and probes", () => {
  const blocks = [...readFileSync(GUIDE, "utf8").matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = ""]) =>
    JSON.parse(text),
  );
  expect(blocks.length).toBe(2);
  for (const { Effect, Action, Resource } of blocks[1].Statement) {
    if (![Action].flat().includes("s3:DeleteObject")) continue;
    expect(Effect).toBe("Allow");
    for (const resource of Resource) expect(resource).toMatch(/\/(locks|\.lifeboat-probes)\/\*$/);
  }
});
