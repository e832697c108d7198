import { describe, expect, it } from "vitest";
import { applyRetention, type KeepReason, type RetentionBackup, type RetentionPolicy } from "../../src/index.ts";
import { randomHistory, randomPolicy } from "./retention/random-histories.ts";
import { findRestic, type ResticVersion, resticRepository, type Snapshot } from "./retention/restic.ts";
import { seededRandom } from "./sharing/random.ts";
import { temporaryFolder } from "./support/folder.ts";

/** Policies for each time zone; LIFEBOAT_POLICIES=100 for a long run. */
const POLICIES = Number(process.env.LIFEBOAT_POLICIES ?? 6);
/** Histories for each time zone. */
const HISTORIES = Number(process.env.LIFEBOAT_HISTORIES ?? 100);
const SEED = Number(process.env.LIFEBOAT_SEED ?? Date.now() % 1_000_000);
const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Havana",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
];

const restic = findRestic();
const NOW = new Date("2026-07-01T00:00:00Z");

/** The times of what is kept by the rules that restic has, of one history. */
function ours(snapshots: readonly Snapshot[], policy: RetentionPolicy, timeZone: string, now = NOW): string[] {
  const backups = snapshots.map(({ time }, at): RetentionBackup => {
    return { id: String(at), time, trigger: "scheduled", sources: [] };
  });
  const { keep } = applyRetention(backups, policy, { now, timeZone });
  return keep
    .filter(({ reasons }) => restic.keepsOldest || reasons.some((reason) => !isOldest(reason)))
    .map(({ backup }) => backup.time.toISOString())
    .sort();
}

function isOldest(reason: KeepReason): boolean {
  return reason.kind === "period" && reason.oldest;
}

function at(host: string, ...times: readonly string[]): Snapshot[] {
  return times.map((time) => ({ host, time: new Date(time) }));
}

const isos = (snapshots: readonly Snapshot[]) => snapshots.map(({ time }) => time.toISOString()).sort();

describe(`Retention and restic ${describeVersion(restic)}`, () => {
  it.each(ZONES)("keep the same of random histories by random policies in %s", async (timeZone) => {
    const seed = SEED + ZONES.indexOf(timeZone);
    const random = seededRandom(seed);
    using folder = temporaryFolder();
    const repository = resticRepository(folder.path, timeZone, restic);
    const histories = Array.from({ length: HISTORIES }, (_, n) => randomHistory(`h${n}`, random));
    repository.write(histories.flat());
    let kept = 0;
    for (let n = 0; n < POLICIES; n++) {
      const policy = randomPolicy(random);
      const theirs = await repository.forget(policy);
      for (const history of histories) {
        const host = history[0]?.host ?? "";
        const found = ours(history, policy, timeZone);
        kept += found.length;
        const where = `LIFEBOAT_SEED=${SEED}, ${timeZone}, ${host}: ${JSON.stringify(policy)}`;
        expect({ where, kept: found }).toEqual({ where, kept: theirs.get(host) });
      }
    }
    const pairs = HISTORIES * POLICIES;
    const all = histories.flat().length * POLICIES;
    console.log(`${timeZone}: ${pairs} pairs of a history and a policy, ${kept} of ${all} kept by both (seed ${seed})`);
  });

  it("keep the same of what restic backed up itself", async () => {
    using folder = temporaryFolder();
    const repository = resticRepository(folder.path, "Europe/Berlin", restic);
    const history = at(
      "own",
      "2024-12-29T22:30:00Z",
      "2024-12-29T23:30:00Z",
      "2024-12-31T22:59:59Z",
      "2025-01-05T22:59:59Z",
      "2025-01-05T23:00:00Z",
      "2025-03-30T00:30:00Z",
      "2025-03-30T01:30:00Z",
      "2025-10-26T01:30:00Z",
    );
    for (const snapshot of history) repository.backUp(snapshot);
    repository.write(history.map(({ time }) => ({ host: "written", time })));
    const random = seededRandom(SEED);
    for (let n = 0; n < 10; n++) {
      const policy = randomPolicy(random);
      const theirs = await repository.forget(policy);
      expect(theirs.get("written")).toEqual(theirs.get("own"));
      expect(ours(history, policy, "Europe/Berlin"), JSON.stringify(policy)).toEqual(theirs.get("own"));
    }
  });
});

describe(`What differs from restic ${restic.text}, and is said in the guide`, () => {
  it("backups of the future don't drive out what there is", async () => {
    using folder = temporaryFolder();
    const repository = resticRepository(folder.path, "UTC", restic);
    const future = at("future", "2099-01-02T00:00:00Z", "2099-01-01T00:00:00Z");
    const past = at("future", "2025-01-03T00:00:00Z", "2025-01-02T00:00:00Z", "2025-01-01T00:00:00Z");
    repository.write([...future, ...past]);
    expect((await repository.forget({ keepLast: 2 })).get("future")).toEqual(isos(future));
    expect(ours([...future, ...past], { keepLast: 2 }, "UTC")).toEqual(isos([...future, ...past.slice(0, 2)]));
  });

  it("days are those of the plan's time zone, also of backups that were made in another", async () => {
    using folder = temporaryFolder();
    const repository = resticRepository(folder.path, "Europe/Berlin", restic);
    const history = at("tokyo", "2025-06-01T14:00:00Z", "2025-06-01T16:00:00Z");
    repository.write(history, "Asia/Tokyo");
    const policy: RetentionPolicy = { keepDaily: 5 };
    expect((await repository.forget(policy)).get("tokyo")).toEqual(ours(history, policy, "Asia/Tokyo"));
    expect(ours(history, policy, "Asia/Tokyo")).toHaveLength(2);
    expect(ours(history, { keepWithinDaily: "5d" }, "Europe/Berlin")).toHaveLength(restic.keepsOldest ? 2 : 1);
  });

  it("a day to which the clock goes back after midnight is counted once", async () => {
    using folder = temporaryFolder();
    const repository = resticRepository(folder.path, "America/St_Johns", restic);
    const history = at(
      "newfoundland",
      "2010-11-05T12:00:00Z",
      "2010-11-06T12:00:00Z",
      "2010-11-07T02:30:30Z", // 00:00:30 on the 7th,
      "2010-11-07T02:50:00Z", // 23:20 on the 6th,
      "2010-11-07T04:00:00Z", // 00:30 on the 7th
    );
    repository.write(history);
    const policy: RetentionPolicy = { keepDaily: 4 };
    expect((await repository.forget(policy)).get("newfoundland")).toEqual(isos(history.slice(1)));
    expect(ours(history, policy, "America/St_Johns")).toEqual(isos([history[0]!, history[3]!, history[4]!]));
  });
});

function describeVersion({ text, keepsOldest }: ResticVersion): string {
  return keepsOldest ? text : `${text}, which does not keep the oldest as 0.16 and later do,`;
}
