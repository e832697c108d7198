import { type BackupLabels, isLifeboatError, type LifeboatError, type Manifest } from "@lifeboat/contracts";
import { isDamage } from "../errors.ts";
import type { JobControl } from "../job.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { copyBackup } from "./copy-backup.ts";
import type { CopiedBackup } from "./copy-types.ts";
import { holdOriginal } from "./hold-original.ts";
import { findCopy, type Stems } from "./twin.ts";

/** One backup that is to be on another site. */
export interface CopyTask {
  readonly engine: RunContext;
  readonly from: OpenSite;
  readonly to: OpenSite;
  readonly id: string;
  /** What is on the other site already. */
  readonly there: Stems;
  readonly verify: "list" | "content";
  /** What the backups before it came to. */
  readonly done: { readonly entries: number; readonly bytes: number };
}

/** Copies a backup that is not there yet. That the original can't be read is an outcome; all else is thrown. */
export async function copyOne(task: CopyTask, job: JobControl): Promise<CopiedBackup> {
  const { engine, from, to, id, there } = task;
  using _original = engine.locks.take({ job: job.id, kind: "read", site: from.name, sources: [], backup: id });
  using _copy = engine.locks.take({ job: job.id, kind: "backup", site: to.name, sources: [], backup: id });
  let damage: LifeboatError | undefined;
  const reading = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (isDamage(error) || isLifeboatError(error, "NOT_FOUND")) damage = error;
      throw error;
    }
  };
  try {
    const manifest = await reading(() => from.repository.manifest(id, job));
    const known = await findCopy(to, manifest, there, job);
    if (known !== null) return { status: "present", id, copy: known };
    await using held = await holdOriginal(engine.clock, from, id, job);
    const control = { ...job, signal: AbortSignal.any([job.signal, held.signal]) };
    const labels = await labelsOf(from, manifest, control);
    const work = { ...task, manifest, labels, reading };
    const copied = await copyBackup(work, control);
    return typeof copied === "string"
      ? { status: "present", id, copy: copied }
      : { status: "copied", id, backup: copied };
  } catch (error) {
    if (damage === undefined || error !== damage) throw error;
    return { status: "damaged", id, error: damage };
  }
}

/** Labels that can't be read might say that it is preserved. */
async function labelsOf({ repository }: OpenSite, { id }: Manifest, job: JobControl): Promise<BackupLabels> {
  try {
    return await repository.labels(id, job);
  } catch (error) {
    if (!isDamage(error)) throw error;
    job.warning(
      "labels-lost",
      `The labels of ${id} can't be read; its copy has none and is preserved: ${error.message}`,
    );
    return { preserve: true };
  }
}
