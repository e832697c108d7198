import { BodyBuilder } from "../list/references.ts";
import type { Body } from "../list/refs.ts";
import { refId } from "../list/refs.ts";
import type { PackResult } from "../worker/tasks.ts";
import type { LineTask } from "./pack-line.ts";
import { refsOf } from "./rows.ts";
import type { ContentTools } from "./tools.ts";

/** One body that several tasks store: their answers are put together in the order of the tasks. */
export class BodyLine {
  readonly #tools: ContentTools;
  readonly #builder: BodyBuilder;
  readonly #underWay: Promise<PackResult>[] = [];
  #size = 0;

  constructor(tools: ContentTools) {
    this.#tools = tools;
    this.#builder = new BodyBuilder(tools.store);
  }

  /** Bytes of the body so far. */
  get size(): number {
    return this.#size;
  }

  /** Gives the next task to the line, as soon as that has room. */
  async run(
    task: LineTask,
    options: { readonly thread?: number; readonly transfer?: readonly ArrayBuffer[] } = {},
  ): Promise<void> {
    const { line } = this.#tools;
    while (this.#underWay.length >= line.capacity) await this.#next();
    const { done } = await line.start(task, options);
    this.#underWay.push(done);
  }

  /** The body, when all tasks are done. */
  async end(): Promise<Body> {
    while (this.#underWay.length > 0) await this.#next();
    return this.#builder.end();
  }

  async #next(): Promise<void> {
    const result = await this.#underWay.shift();
    if (result === undefined) return;
    for (const problem of result.problems) this.#tools.report(problem);
    const refs = refsOf(result, 0, result.lengths.length);
    let bytes = 0;
    for (let n = 0; n < refs.count; n++) {
      const length = refs.lengths[n] ?? 0;
      bytes += length;
      const stored = this.#builder.add(length, refId(refs, n));
      if (stored !== undefined) await stored;
    }
    this.#size += bytes;
    this.#tools.advance(bytes);
  }
}
