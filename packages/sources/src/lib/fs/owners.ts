import { readFile } from "node:fs/promises";

/** Who is who on this machine. */
export interface Owners {
  user(uid: number): string | undefined;
  group(gid: number): string | undefined;
  uid(user: string): number | undefined;
  gid(group: string): number | undefined;
}

/** Reads `/etc/passwd` and `/etc/group`. A machine without them knows nobody by name. */
export async function readOwners(): Promise<Owners> {
  const [users, groups] = await Promise.all([table("/etc/passwd"), table("/etc/group")]);
  return {
    user: (uid) => users.names.get(uid),
    group: (gid) => groups.names.get(gid),
    uid: (user) => users.ids.get(user),
    gid: (group) => groups.ids.get(group),
  };
}

interface Table {
  readonly names: ReadonlyMap<number, string>;
  readonly ids: ReadonlyMap<string, number>;
}

async function table(file: string): Promise<Table> {
  const names = new Map<number, string>();
  const ids = new Map<string, number>();
  let text = "";
  try {
    text = await readFile(file, "utf8");
  } catch {
    // absent on some platforms and in small containers: then owners are numbers alone
  }
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (!name || !id || !/^\d+$/.test(id)) continue;
    if (!names.has(Number(id))) names.set(Number(id), name);
    if (!ids.has(name)) ids.set(name, Number(id));
  }
  return { names, ids };
}
