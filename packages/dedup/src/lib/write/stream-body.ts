import type { BodyStart } from "@lifeboat/frames";
import type { Body } from "../list/refs.ts";
import { BodyLine } from "./body-line.ts";
import type { ContentTools } from "./tools.ts";

/** Stores a body that is a stream, on one thread: it is cut as it comes. */
export async function storeStream(
  tools: ContentTools,
  { first, rest }: BodyStart & { kind: "more" },
  stream: number,
): Promise<{ readonly body: Body; readonly size: number }> {
  const body = new BodyLine(tools);
  const thread = stream % tools.line.width;
  const push = (bytes: Uint8Array<ArrayBuffer>, last: boolean) =>
    body.run({ op: "stream", stream, bytes, last }, { thread, transfer: bytes.length === 0 ? [] : [bytes.buffer] });
  try {
    await push(first, false);
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      tools.signal.throwIfAborted();
      await push(next.value, false);
    }
    await push(new Uint8Array(0), true);
    return { body: await body.end(), size: body.size };
  } finally {
    await rest.return(undefined);
  }
}
