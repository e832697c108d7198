import { type Program, type ProgramOptions, startProgram } from "./program.ts";

/** A program whose output is wanted. */
export interface DumpOptions extends Omit<ProgramOptions, "stdin" | "stdout"> {
  /** Fewer bytes are a failure. */
  readonly minBytes: number;
}

/**
 * A program's standard output. It ends normally only after the program exited with 0
 * and said enough; it is read no faster than it is taken.
 *
 * @throws SOURCE_FAILED, TIMEOUT
 */
export async function* dump(options: DumpOptions): AsyncGenerator<Uint8Array, void, undefined> {
  await using program = startProgram({ ...options, stdin: "ignore", stdout: "pipe" });
  let size = 0;
  for await (const piece of output(program, options.signal)) {
    size += piece.length;
    yield piece;
  }
  await program.success();
  if (size < options.minBytes) {
    throw program.failure(`exited with 0, but wrote ${size} bytes where at least ${options.minBytes} were expected`);
  }
}

async function* output(program: Program, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  const { stdout } = program.child;
  if (stdout === null) return;
  try {
    for await (const piece of stdout) {
      signal.throwIfAborted();
      yield piece as Buffer;
    }
  } catch (error) {
    await program.success(); // says why it was cut off
    throw error;
  }
}
