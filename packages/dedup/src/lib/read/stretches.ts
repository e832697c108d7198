import { ID_BYTES } from "../bytes.ts";
import type { Refs } from "../list/refs.ts";

/** References in stretches, each of so many bytes of content or a little more. */
export function* stretches(refs: Refs, bytes: number): Generator<Refs & { readonly lengths: readonly number[] }> {
  let start = 0;
  let sum = 0;
  for (let n = 0; n < refs.count; n++) {
    sum += refs.lengths[n] ?? 0;
    if (sum < bytes && n < refs.count - 1) continue;
    const count = n + 1 - start;
    yield {
      count,
      lengths: Array.from({ length: count }, (_, at) => refs.lengths[start + at] ?? 0),
      ids: refs.ids.subarray(start * ID_BYTES, (n + 1) * ID_BYTES),
    };
    start = n + 1;
    sum = 0;
  }
}
