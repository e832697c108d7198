import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import type { Connection } from "./connection.ts";
import { Refusal } from "./lost.ts";
import {
  closeHandle,
  hardLink,
  look,
  OPEN,
  openFile,
  readAt,
  removeFile,
  renamePlain,
  renamePosix,
  writeAt,
} from "./requests.ts";
import { tellsSpace } from "./space.ts";

/** What a server was seen to do. What it says of itself is not believed. */
export interface Abilities {
  /** Whether hard links are made, and refused where the name is taken. */
  readonly links: boolean;
  /** Whether an exclusive create is refused where the name is taken. */
  readonly exclusive: boolean;
  /** How a file takes the place of another: by POSIX's rename, by SFTP's own, or not in one step. */
  readonly replace: "posix" | "plain" | "no";
  /** Whether it tells how much room there is. */
  readonly space: boolean;
}

/** Tries the server's ways on small files in the folder for what is unfinished. */
export async function probeAbilities(on: Connection, folder: string): Promise<Abilities> {
  return await withNames(on, folder, async (name) => {
    const [links, exclusive, replace, space] = await Promise.all([
      makesLinks(on, name),
      refusesTaken(on, name),
      replaces(on, name),
      tellsSpace(on, folder),
    ]);
    return { links, exclusive, replace, space };
  });
}

/** Whether a file can be written through several openings, out of order, and opened again to go on. */
export async function probeReopening(on: Connection, folder: string): Promise<boolean> {
  return await withNames(on, folder, (name) => reopens(on, name()));
}

async function withNames<T>(on: Connection, folder: string, work: (name: NewName) => Promise<T>): Promise<T> {
  const made: string[] = [];
  try {
    return await work(() => {
      const path = posix.join(folder, `probe-${randomBytes(8).toString("hex")}`);
      made.push(path);
      return path;
    });
  } finally {
    await Promise.allSettled(made.map((path) => removeFile(on, path))); // a sweep removes what stays
  }
}

type NewName = () => string;

async function makesLinks(on: Connection, name: NewName): Promise<boolean> {
  if (!on.has("hardlink@openssh.com")) return false;
  const [first, second, link] = [name(), name(), name()];
  await Promise.all([create(on, first, "1"), create(on, second, "22")]);
  if (!(await succeeds(hardLink(on, first, link)))) return false;
  if ((await look(on, link))?.size !== 1) return false;
  return !(await succeeds(hardLink(on, second, link))) && (await look(on, link))?.size === 1;
}

async function refusesTaken(on: Connection, name: NewName): Promise<boolean> {
  const path = name();
  await create(on, path, "1");
  return !(await succeeds(create(on, path, ""))) && (await look(on, path))?.size === 1;
}

async function replaces(on: Connection, name: NewName): Promise<Abilities["replace"]> {
  for (const [way, rename] of [
    ["posix", renamePosix],
    ["plain", renamePlain],
  ] as const) {
    if (way === "posix" && !on.has("posix-rename@openssh.com")) continue;
    const [from, to] = [name(), name()];
    await Promise.all([create(on, from, "22"), create(on, to, "1")]);
    const done = await succeeds(rename(on, from, to));
    if (done && (await look(on, to))?.size === 2 && (await look(on, from)) === null) return way;
  }
  return "no";
}

async function reopens(on: Connection, path: string): Promise<boolean> {
  const read = Buffer.alloc(8);
  const works = async () => {
    const first = await openFile(on, path, OPEN.write | OPEN.create | OPEN.exclusive);
    const second = await openFile(on, path, OPEN.write);
    await writeAt(on, second, Buffer.from("34"), 2);
    await writeAt(on, first, Buffer.from("12"), 0);
    await Promise.all([closeHandle(on, first), closeHandle(on, second)]);
    const third = await openFile(on, path, OPEN.write);
    await writeAt(on, third, Buffer.from("5"), 4);
    await closeHandle(on, third);
    const back = await openFile(on, path, OPEN.read);
    const length = await readAt(on, back, read, 0);
    await closeHandle(on, back);
    if (read.toString("latin1", 0, length) !== "12345") throw new Refusal(0, "other bytes");
  };
  return await succeeds(works());
}

async function create(on: Connection, path: string, text: string): Promise<void> {
  const handle = await openFile(on, path, OPEN.write | OPEN.create | OPEN.exclusive);
  if (text !== "") await writeAt(on, handle, Buffer.from(text), 0);
  await closeHandle(on, handle);
}

/** Whether the server did it, or said no. */
async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
