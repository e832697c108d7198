import { isLifeboatError, type ListedBackup } from "@lifeboat/contracts";
import { DESCRIPTOR_KEY } from "../descriptor-store.ts";
import type { Step } from "./context.ts";
import { denialOf } from "./denial.ts";
import { bytes, duration } from "./words.ts";

/** Fewer bytes than this are little for any backup. */
const LITTLE_SPACE = 1 << 30;
/** Clocks further apart than this confuse people; signed requests fail at fifteen minutes. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Asks for one object, which tells whether the storage can be reached, and who we are to it. */
export const reach: Step = async ({ storage, signal }) => {
  const started = performance.now();
  const denial = await denialOf(() => storage.stat(DESCRIPTOR_KEY, { signal }));
  const took = performance.now() - started;
  try {
    await storage.connect?.({ signal });
  } catch (error) {
    // What it lacks the right or the room for to find out, the steps that need it will say.
    if (!isLifeboatError(error, "PERMISSION_DENIED") && !isLifeboatError(error, "NO_SPACE")) throw error;
  }
  return `${storage.name} answered in ${duration(took)}${denial === null ? "" : ", but did not tell whether it holds a site"}.`;
};

/** Which site lies there, and whether the key opens it. Makes none. */
export const site: Step = async (test) => {
  const { engine, name, options, find, signal } = test;
  if (options.key.kind === "unencrypted") {
    const message = "The site is not encrypted: whoever can read the storage can read the backups.";
    const hint = "Use key: passphrase(…) for a new, empty place, unless that is what you want.";
    find({ level: "warning", code: "not-encrypted", message, hint, step: "site" });
  }
  try {
    const found = await engine.sites.find(name, { signal });
    if (found === null) return "There is no site yet: the first backup makes it.";
    const listed: ListedBackup[] = [];
    for await (const backup of found.repository.list({ signal })) if (backup.complete) listed.push(backup);
    const newest = await engine.catalog.newest(found, listed, { signal });
    test.newestBytes = newest?.parts.reduce((sum, { storedSize }) => sum + storedSize, 0) ?? 0;
    if (newest !== null && newest.app.name !== engine.app.name) {
      const message = `The site already holds backups of another application: the newest was made by ${JSON.stringify(newest.app.name)}, not by ${JSON.stringify(engine.app.name)}.`;
      const hint = "Give each application a place of its own: another path, prefix or bucket.";
      find({ level: "warning", code: "another-app", message, hint, step: "site" });
    }
    return `A site with ${listed.length} ${listed.length === 1 ? "backup" : "backups"}, which the key opens.`;
  } catch (error) {
    if (!isLifeboatError(error, "PERMISSION_DENIED")) throw error;
    return {
      skipped: "Whether there is a site may not be looked at; the steps that follow say which right is missing.",
    };
  }
};

/** Compares the clocks by the time at which the probe was written. */
export const clock: Step = async ({ stamp, measured, find }) => {
  if (stamp === null) return { skipped: "The storage did not tell when it wrote." };
  const { storage, before, after } = stamp;
  const ahead = storage.getTime() - (before + after) / 2;
  // Many storages only tell whole seconds, and the write itself took its time.
  const uncertain = (after - before) / 2 + 1000;
  measured.clockDifferenceMs = Math.abs(ahead) <= uncertain ? 0 : Math.round(ahead);
  const difference = Math.abs(measured.clockDifferenceMs);
  if (difference === 0) return "Both clocks tell the same time.";
  const way = ahead > 0 ? "behind" : "ahead of";
  const says = `This machine's clock is ${duration(difference)} ${way} the storage's`;
  if (difference > CLOCK_TOLERANCE_MS) {
    const hint =
      "Set the one that is wrong, best by NTP. The times of backups are this machine's, and services that check signatures refuse requests that are 15 minutes off.";
    find({ level: "warning", code: "clock-skew", message: `${says}.`, hint, step: "clock" });
  }
  return `${says}.`;
};

/** Whether there is room for more backups. */
export const space: Step = async ({ storage, measured, newestBytes, find, signal }) => {
  if (!storage.capabilities.space || storage.space === undefined) return { skipped: "The storage does not tell." };
  const room = await storage.space({ signal });
  if (room.total <= 0) return { skipped: "The storage does not tell." };
  measured.space = room;
  const says = `${bytes(room.free)} of ${bytes(room.total)} are free`;
  const needed = Math.max(LITTLE_SPACE, newestBytes);
  if (room.free < needed) {
    const than = newestBytes > LITTLE_SPACE ? `the newest backup takes ${bytes(newestBytes)}` : "that is little";
    const hint = "Free some room, delete old backups, or choose a larger disk.";
    find({ level: "warning", code: "little-space", message: `Only ${says}; ${than}.`, hint, step: "space" });
  }
  return `${says}.`;
};
