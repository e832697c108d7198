import { once } from "node:events";
import type { Writable } from "node:stream";
import { errnoOf } from "../errors.ts";
import { type ProgramOptions, startProgram } from "./program.ts";

/**
 * Gives a program its standard input. Where the input fails, the program is ended
 * before its input is closed: it never takes half of it for the whole.
 *
 * @throws SOURCE_FAILED where it does not exit with 0, or not after all was read; TIMEOUT; what the input throws
 */
export async function feed(
  options: Omit<ProgramOptions, "stdin" | "stdout">,
  input: AsyncIterable<Uint8Array>,
): Promise<void> {
  await using program = startProgram({ ...options, stdin: "pipe", stdout: "ignore" });
  const { stdin } = program.child;
  if (stdin === null) throw program.failure("takes no input");
  const broken = new AbortController();
  stdin.on("error", (error) => broken.abort(error));
  program.child.once("close", () => broken.abort());
  let whole = false;
  try {
    for await (const piece of input) {
      options.signal.throwIfAborted();
      if (broken.signal.aborted) break;
      await write(stdin, piece, broken.signal);
    }
    whole = !broken.signal.aborted;
  } catch (error) {
    if (!broken.signal.aborted || error !== broken.signal.reason) throw error;
  }
  if (whole) stdin.end();
  await program.success();
  const refused = errnoOf(broken.signal.reason) === "EPIPE" || errnoOf(broken.signal.reason) === "ECONNRESET";
  if (!whole || refused) throw program.failure("exited with 0, but had not read all of its input");
}

async function write(stdin: Writable, piece: Uint8Array, broken: AbortSignal): Promise<void> {
  if (stdin.write(piece)) return;
  try {
    await once(stdin, "drain", { signal: broken });
  } catch (error) {
    if (!broken.aborted) throw error; // otherwise the program's end says what was wrong
  }
}
