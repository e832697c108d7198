import { isLifeboatError } from "@lifeboat/contracts";
import { expect } from "vitest";
import { type FaultyStorage, faultyStorage } from "../faults/faulty.ts";
import type { Fault } from "../faults/plan.ts";
import { all, bytesOf, failureOf } from "../helpers.ts";
import { fileEntry, smallEntries } from "./entries.ts";
import { type FormatHarness, type FormatSite, IDS, problemsOf, readAll } from "./site.ts";

const KNOWN = [...smallEntries(), fileEntry("large", bytesOf(3_000_000, 12))];
const entries = () => KNOWN.map(({ entry }) => entry);
/** At most so many single steps of bodies get a fault of their own, spread over all of them. */
const STEPS = 20;

/** That a storage which fails at any call makes an error, never a backup that is listed and is not whole. */
export function faults({ test }: FormatHarness): void {
  for (const kind of ["fail", "crash"] as const) {
    for (const when of ["before", "after"] as const) {
      test(`writing: ${kind} ${when} any call leaves nothing listed that does not verify`, async (site) => {
        const clean = faultyStorage(site.storage, { pieces: true });
        await site.backUp(entries(), { repository: site.open({ storage: clean }) });
        await site.repository.remove([IDS[0]]);
        await site.forgetShared();
        for (const call of sample(clean)) {
          const storage = faultyStorage(site.storage, { pieces: true, plan: [{ call, kind, when }] });
          const repository = site.open({ storage });
          const outcome: unknown = await site.backUp(entries(), { repository }).catch((error: unknown) => error);
          const failed = outcome instanceof Error;
          const step = clean.calls[call]?.name.includes(".") === true;
          if (!failed) expect(step && when === "after", `call ${call} failed without a word`).toBe(true);
          if (failed) expect(isLifeboatError(outcome), String(outcome)).toBe(true);
          await expectWholeOrUnlisted(site, failed);
          await site.repository.remove([IDS[0]]);
          await site.forgetShared();
        }
      });
    }
  }

  const readFaults: readonly Fault[] = [
    { kind: "fail", when: "before" },
    { kind: "fail", when: "after", error: "TIMEOUT" },
    { kind: "truncate", keep: 0 },
    { kind: "truncate", keep: 100 },
    { kind: "corrupt", at: 0 },
    { kind: "corrupt", at: 1000 },
    { kind: "corrupt", at: Number.MAX_SAFE_INTEGER },
  ];
  for (const fault of readFaults) {
    test(`reading: ${JSON.stringify(fault)} at any call gives an error or the right bytes`, async (site) => {
      await site.backUp(entries());
      const clean = faultyStorage(site.storage);
      await readAll(site.open({ storage: clean }));
      for (const { index } of clean.calls) {
        const storage = faultyStorage(site.storage, { plan: [{ call: index, ...fault }] });
        const outcome = await readAll(site.open({ storage })).catch((error: unknown) => error);
        if (Array.isArray(outcome)) expectAll(outcome as Awaited<ReturnType<typeof readAll>>);
        else expect(isLifeboatError(outcome), `call ${index}: ${String(outcome)}`).toBe(true);
        if (fault.kind !== "fail") expect(outcome, `call ${index}`).not.toMatchObject({ code: "WRONG_KEY" });
      }
    });
  }

  test("verifying: a storage that cannot be asked is an error, not a damaged backup", async (site) => {
    await site.backUp(entries());
    for (const level of ["presence", "checksum", "content"] as const) {
      const clean = faultyStorage(site.storage);
      await problemsOf(site.open({ storage: clean }), level);
      for (const { index } of clean.calls) {
        const storage = faultyStorage(site.storage, { plan: [{ call: index, kind: "fail", error: "TIMEOUT" }] });
        const failure = await failureOf(problemsOf(site.open({ storage }), level));
        expect(failure, `call ${index} at ${level}`).toMatchObject({ code: "TIMEOUT" });
      }
    }
  });
}

/** The calls to strike at: every call of the storage, and some of the steps between. */
function sample(clean: FaultyStorage): readonly number[] {
  const whole = clean.calls.filter(({ name }) => !name.includes(".")).map(({ index }) => index);
  const steps = clean.calls.filter(({ name }) => name.includes(".")).map(({ index }) => index);
  const stride = Math.max(1, Math.ceil(steps.length / STEPS));
  return [...whole, ...steps.filter((_, at) => at % stride === 0)].sort((a, b) => a - b);
}

async function expectWholeOrUnlisted({ repository }: FormatSite, failed: boolean): Promise<void> {
  const [listed] = (await all(repository.list())).filter(({ complete }) => complete);
  if (!failed) expect(listed?.id).toBe(IDS[0]);
  if (listed === undefined) return;
  expect(await problemsOf(repository, "content")).toEqual([]);
  expectAll(await readAll(repository));
}

function expectAll(found: Awaited<ReturnType<typeof readAll>>): void {
  const expected = KNOWN;
  expect(found.map(({ entry }) => entry.path)).toEqual(expected.map(({ entry }) => entry.path));
  for (const [index, { bytes }] of expected.entries()) expect(found[index]?.bytes.equals(bytes)).toBe(true);
}
