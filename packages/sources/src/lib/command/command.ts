import { type EntryInfo, entryPathProblem, LifeboatError, type RestoredEntry } from "@lifeboat/contracts";
import { isContent } from "../compare/is-content.ts";
import { invalid } from "../errors.ts";
import { type CommonOptions, commonMembers, type NamedSource } from "../options.ts";
import { restoreAsFile, singleChecks, withOnly } from "../single.ts";
import { dump } from "./dump.ts";
import { feed } from "./feed.ts";

/** Options of {@link command}. */
export interface CommandOptions extends CommonOptions {
  /** The program whose standard output is the backup, and its arguments. There is no shell in between. */
  readonly command: readonly string[];
  /** The entry's name. Default: `<id>.dump`. */
  readonly fileName?: string | undefined;
  /** Added to this process's environment, for both programs. Its values are kept out of messages. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Where both programs run. Default: this process's working directory. */
  readonly cwd?: string | undefined;
  /** The program that takes the backup back on its standard input. */
  readonly restore?: { readonly command: readonly string[] } | undefined;
  /** Fewer bytes of output are a failure. Default: 1, so that an empty dump never counts as one. */
  readonly minBytes?: number | undefined;
  /** Milliseconds that a program may run. Default: no limit. */
  readonly timeout?: number | undefined;
}

const OWNER_ONLY = 0o600;

/**
 * A source that is what a program writes to its standard output: a dump tool's dump. The
 * output is streamed, and its end is only reported once the program has exited with 0 and
 * written at least `minBytes`; everything else fails the entry with SOURCE_FAILED (TIMEOUT
 * past `timeout`) and the end of what the program wrote to its standard error.
 *
 * A restore pipes it into the program of `restore`; one to another place writes the file.
 * In mode `missing` the data counts as there, and is left alone. A comparison runs the
 * program, to see whether it writes the same. On an abort, programs get
 * SIGTERM, and SIGKILL five seconds later.
 *
 * @throws INVALID for an id, a command or a file name that cannot be used
 */
export function command<const Id extends string>(id: Id, options: CommandOptions): NamedSource<Id> {
  const operation = "source.command";
  const { fileName = `${id}.dump`, cwd, env, timeout, minBytes = 1 } = options;
  checkCommand(options.command, operation);
  if (options.restore !== undefined) checkCommand(options.restore.command, operation);
  for (const [name, value] of Object.entries(env ?? {})) {
    // Node's own refusal would quote the value
    if (value.includes("\0")) throw invalid(operation, `The environment variable ${name} holds a NUL.`);
  }
  const problem = fileName.includes("/") ? "it has a slash" : entryPathProblem(fileName);
  if (problem !== null) throw invalid(operation, `${JSON.stringify(fileName)} is no file name: ${problem}.`);

  /** Whether the program writes the same now. A dump that fails is another matter than the restore's. */
  async function isLive(entry: EntryInfo, signal: AbortSignal): Promise<boolean> {
    const { command: words } = options;
    try {
      const now = dump({ command: words, cwd, env, timeout, signal, operation, source: id, minBytes: 0 });
      return await isContent(entry, now, signal);
    } catch {
      signal.throwIfAborted();
      return false; // what it cannot dump, it may still have to replace
    }
  }

  async function feedBack(entry: RestoredEntry, signal: AbortSignal): Promise<void> {
    if (options.restore === undefined) {
      throw new LifeboatError({
        code: "UNSUPPORTED",
        operation,
        message: `The source ${id} has no command to restore with.`,
        hint: "Give it one in 'restore', or restore to another place and load the file by hand.",
      });
    }
    const program = { command: options.restore.command, cwd, env, timeout, signal, operation, source: id };
    await feed(program, entry.open({ signal }));
  }

  return {
    ...commonMembers(id, options),
    check: (context) => singleChecks(context, options),
    async *entries(context) {
      context.signal.throwIfAborted();
      yield {
        path: fileName,
        type: "file",
        mode: OWNER_ONLY,
        mtimeMs: Date.now(),
        open({ signal } = {}) {
          const both = signal === undefined ? context.signal : AbortSignal.any([signal, context.signal]);
          return dump({ command: options.command, cwd, env, timeout, signal: both, operation, source: id, minBytes });
        },
      };
    },
    async restore(context, entries) {
      const { to, mode, signal } = context;
      if (to !== undefined) {
        await restoreAsFile(context, to, entries, operation);
        return;
      }
      await withOnly(entries, fileName, context, operation, async (entry) => {
        if (mode !== "missing" && entry.unchanged !== true) await feedBack(entry, signal);
      });
    },
    async *compare({ to, mode, signal }, entries) {
      for await (const entry of entries) {
        const { path, size } = entry;
        const same = to === undefined && (mode === "missing" || (await isLive(entry, signal)));
        yield { path, action: same ? "unchanged" : "replace", size: same ? 0 : size };
      }
    },
  };
}

function checkCommand(words: readonly string[], operation: string): void {
  const usable = Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string");
  if (usable && words[0] !== "" && !words.some((word) => word.includes("\0"))) return;
  throw invalid(operation, "A command must be a list of texts: the program, then its arguments.");
}
