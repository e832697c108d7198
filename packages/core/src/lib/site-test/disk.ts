import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Step } from "./context.ts";

/** Whether the backups go to the file system that the data lies on. */
export const disk: Step = async ({ engine, storage, find }) => {
  const { localDirectory } = storage;
  if (localDirectory === undefined) return { skipped: "The storage is not on this machine." };
  const own = await deviceOf(localDirectory);
  const shared: string[] = [];
  for (const { id, localDirectories = [] } of engine.sources.all()) {
    const devices = await Promise.all(localDirectories.map(deviceOf));
    if (devices.includes(own)) shared.push(JSON.stringify(id));
  }
  if (shared.length === 0) return "No source is known to lie on its disk.";
  const what = `${shared.length === 1 ? "the source" : "the sources"} ${shared.join(", ")}`;
  const message = `The backups go to the same disk as ${what}: when it fails, both are gone.`;
  const hint = "Keep backups on another disk or machine; such a site only helps against mistakes.";
  find({ level: "warning", code: "same-disk", message, hint, step: "disk" });
  return `It shares its disk with ${what}.`;
};

/** The device of a path, or of the innermost folder on the way that exists. */
async function deviceOf(path: string): Promise<number> {
  for (let at = path; ; at = dirname(at)) {
    try {
      return (await stat(at)).dev;
    } catch (error) {
      const absent = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
      if (!absent || dirname(at) === at) throw error;
    }
  }
}
