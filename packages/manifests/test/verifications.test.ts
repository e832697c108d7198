import type { VerificationResult } from "@lifeboat/contracts";
import { describe, expect, it } from "vitest";
import { backupKey, openManifests, type SiteDocument, withVerification, writeSiteDocument } from "../src/index.ts";
import { collect, ID, manifest, OTHER_ID, site } from "./fixtures.ts";

const coded = (code: string) => expect.objectContaining({ code });

let minute = 0;
function result(level: VerificationResult["level"], problem?: string): VerificationResult {
  const time = new Date(Date.UTC(2026, 10, 20, 2, minute++));
  return problem === undefined
    ? { level, time, ok: true, problems: 0 }
    : { level, time, ok: false, problems: 3, problem };
}

describe("What is known of a backup's verifications", () => {
  const story: readonly [string, readonly VerificationResult["level"][], string][] = [
    ["begins with one", ["content"], "content"],
    ["is the newest of a level", ["content", "content"], "content"],
    ["forgets the less thorough", ["presence", "checksum", "content"], "content"],
    ["keeps the more thorough behind the newest", ["restore", "content", "presence"], "presence content restore"],
    ["forgets what lies between", ["restore", "content", "presence", "content"], "content restore"],
    ["a drill says all there is to say", ["content", "presence", "restore"], "restore"],
  ];
  it.each(story)("%s", (_, levels, left) => {
    let known: readonly VerificationResult[] = [];
    for (const level of levels) known = withVerification(known, result(level));
    expect(known.map(({ level }) => level).join(" ")).toBe(left);
    expect([...known].sort((a, b) => b.time.getTime() - a.time.getTime())).toEqual(known);
  });

  it("stays bad until one as thorough finds nothing", () => {
    let known = withVerification([], result("content", "a segment is damaged"));
    known = withVerification(known, result("presence"));
    expect(known.map(({ ok }) => ok)).toEqual([true, false]);
    known = withVerification(known, result("content"));
    expect(known.map(({ ok }) => ok)).toEqual([true]);
  });
});

describe.each([true, false])("The results of verifications in a site, encrypted: %s,", (encrypted) => {
  it("come back as they were written, and show in the listing", async () => {
    const context = site({ encrypted });
    const manifests = openManifests(context);
    await manifests.commit(manifest());
    expect(await manifests.verifications(ID)).toEqual([]);
    const results = [result("presence"), result("content", "the part settings is damaged"), result("restore")];
    await manifests.setVerifications(ID, results);
    expect(await manifests.verifications(ID)).toEqual(results);
    expect(await collect(manifests.list())).toMatchObject([
      { id: ID, complete: true, labelled: false, verified: expect.stringMatching(/^\d+-\d+$/) },
    ]);
  });

  it("keep 500 characters of a problem", async () => {
    const manifests = openManifests(site({ encrypted }));
    await manifests.setVerifications(ID, [result("content", "x".repeat(5000))]);
    expect((await manifests.verifications(ID))[0]?.problem).toHaveLength(500);
  });

  it("go with the backup", async () => {
    const context = site({ encrypted });
    const manifests = openManifests(context);
    await manifests.commit(manifest());
    await manifests.setVerifications(ID, [result("content")]);
    await manifests.remove([ID]);
    expect(await collect(context.storage.list(""))).toEqual([]);
  });
});

describe("The results of verifications", () => {
  it("tell nothing to who has no key", async () => {
    const context = site();
    await openManifests(context).setVerifications(ID, [result("restore", "the part settings is damaged")]);
    let text = "";
    for await (const piece of context.storage.get(backupKey(ID, "verified.json"))) text += Buffer.from(piece);
    expect(text).toContain('"lifeboat verification"');
    for (const secret of ["restore", "settings", "2026-11-20T02:"]) expect(text).not.toContain(secret);
  });

  it("can't be passed off as another backup's", async () => {
    const context = site();
    const manifests = openManifests(context);
    await manifests.setVerifications(ID, [result("content")]);
    await context.storage.put(
      backupKey(OTHER_ID, "verified.json"),
      context.storage.get(backupKey(ID, "verified.json")),
    );
    await expect(manifests.verifications(OTHER_ID)).rejects.toThrow(coded("CORRUPT"));
  });

  const { time: _, ...timeless } = { ...result("content"), time: "2026-11-20T02:00:00.000Z" };
  const good = { ...timeless, time: "2026-11-20T02:00:00.000Z" };
  const wrong: readonly [string, unknown][] = [
    ["no results", undefined],
    ["a result that is none", ["content"]],
    ["an unknown level", [{ ...good, level: "glance" }]],
    ["no time", [timeless]],
    ["a time that is none", [{ ...good, time: "yesterday" }]],
    ["a verdict that is none", [{ ...good, ok: 1 }]],
    ["less than no problems", [{ ...good, problems: -1 }]],
    ["a problem that is no text", [{ ...good, problem: 5 }]],
    ["a level twice", [good, good]],
  ];
  it.each(wrong)("are refused with %s", async (_, results) => {
    const context = site();
    const place: SiteDocument = {
      type: "verification",
      id: ID,
      key: backupKey(ID, "verified.json"),
      version: 1,
    };
    await writeSiteDocument(context, place, {}, results === undefined ? {} : { results: results as never });
    await expect(openManifests(context).verifications(ID)).rejects.toThrow(coded("CORRUPT"));
  });

  it("of a newer version are not read", async () => {
    const context = site();
    const place = { type: "verification", id: ID, key: backupKey(ID, "verified.json"), version: 2 } as const;
    await writeSiteDocument(context, place, {}, { results: [] });
    await expect(openManifests(context).verifications(ID)).rejects.toThrow(coded("UNSUPPORTED"));
  });
});
