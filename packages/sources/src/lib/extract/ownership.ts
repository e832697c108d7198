import type { EntryInfo, ProblemReport } from "@lifeboat/contracts";
import { type Owners, readOwners } from "../fs/owners.ts";
import type { Dress } from "./protocol.ts";

const SPECIAL = 0o7000;

/** Decides owners and modes: what of an entry's can be had on this machine, by this user. */
export interface Ownership {
  dress(entry: EntryInfo): Dress;
}

/** Reads who is who here. That owners cannot be restored is reported once, with the first entry it is true of. */
export async function readOwnership(report: (problem: ProblemReport) => void): Promise<Ownership> {
  const owners = await readOwners();
  const uid = process.geteuid?.() ?? -1;
  const gid = process.getegid?.() ?? -1;
  let reported = uid < 0; // a system without owners
  return {
    dress(entry) {
      const wanted = { uid: wantedUser(entry, owners), gid: wantedGroup(entry, owners) };
      const known = wanted.uid >= 0 && wanted.gid >= 0;
      const same = wanted.uid === uid && wanted.gid === gid;
      if (uid !== 0 && known && !same && !reported) {
        reported = true;
        const message = `Owners were not restored, of ${entry.path} for one: only root may give files away.`;
        report({ path: entry.path, code: "PERMISSION_DENIED", message });
      }
      const restorable = known && (uid === 0 || same);
      const mode = restorable ? entry.mode & 0o7777 : entry.mode & 0o7777 & ~SPECIAL;
      return { mode, mtimeMs: entry.mtimeMs, ...(uid === 0 ? wanted : { uid: -1, gid: -1 }) };
    },
  };
}

/** Whose each entry is to be, for a comparison; -1 where it stays as it is, so always for anyone but root. */
export async function readWantedOwners(): Promise<(entry: EntryInfo) => { uid: number; gid: number }> {
  if (process.geteuid?.() !== 0) return () => ({ uid: -1, gid: -1 });
  const owners = await readOwners();
  return (entry) => ({ uid: wantedUser(entry, owners), gid: wantedGroup(entry, owners) });
}

function wantedUser({ uid, user }: EntryInfo, owners: Owners): number {
  return (user === undefined ? undefined : owners.uid(user)) ?? uid ?? -1;
}

function wantedGroup({ gid, group }: EntryInfo, owners: Owners): number {
  return (group === undefined ? undefined : owners.gid(group)) ?? gid ?? -1;
}
