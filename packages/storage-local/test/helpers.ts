import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory that is removed after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "lifeboat-local-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** The names of unfinished files in a storage's directory. */
export async function unfinished(root: string): Promise<readonly string[]> {
  return await readdir(join(root, ".lifeboat-tmp"));
}
