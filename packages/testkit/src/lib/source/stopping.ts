import { expect } from "vitest";
import { failureOf } from "../helpers.ts";
import { backupContext, record, replay, restoreContext, type SourceTest } from "./harness.ts";

/** That a source stops when it is told to, and gives back what it opened. */
export function stopping(test: SourceTest): void {
  test("an abort before or during a backup ends it with the reason", async ({ source }) => {
    const reason = { what: "enough" };
    const { context } = backupContext(AbortSignal.abort(reason));
    expect(await failureOf(record(source, context))).toBe(reason);
    const stop = new AbortController();
    const { context: running } = backupContext(stop.signal);
    const reading = async () => {
      let entries = 0;
      for await (const { path } of source.entries(running)) {
        entries += path === "" ? 0 : 1;
        stop.abort(reason);
      }
      if (entries === 1) throw reason; // it had but one, and had given it
    };
    expect(await failureOf(reading())).toBe(reason);
  });

  test("an abort before or during a restore ends it with the reason", async ({ source }) => {
    const reason = { what: "enough" };
    const recorded = await record(source);
    const signal = AbortSignal.abort(reason);
    expect(await failureOf(source.restore(restoreContext({ signal }).context, replay(recorded)))).toBe(reason);
    const stop = new AbortController();
    let seen = 0;
    const before = () => {
      seen += 1;
      if (seen === Math.max(1, Math.floor(recorded.length / 2))) stop.abort(reason);
    };
    const { context } = restoreContext({ signal: stop.signal });
    expect(await failureOf(source.restore(context, replay(recorded, { before })))).toBe(reason);
  });

  test("entries and bodies that are left early give back what they opened", async ({ source, openHandles }) => {
    await record(source);
    const before = await openHandles?.();
    for (let round = 0; round < 10; round += 1) {
      for await (const entry of source.entries(backupContext().context)) {
        if (entry.open === undefined) continue;
        for await (const piece of entry.open()) if (piece.length > 0) break;
        break;
      }
    }
    const after = await openHandles?.();
    if (before !== undefined && after !== undefined) expect(after).toBeLessThanOrEqual(before);
  });
}
