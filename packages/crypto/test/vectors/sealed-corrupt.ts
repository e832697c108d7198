import { sealTrailer } from "../../src/lib/trailer.ts";
import { concat, fixedSealing, flip } from "./fixed.ts";
import { contentOf, join, makeParts, type Parts, setU32, trailerOf } from "./sealed-parts.ts";
import { negative, type SealedVector, type Spoiled } from "./sealed-vector.ts";

/** Damaged, cut, reordered and spliced segments; damaged trailers; what follows the end. */
export function corruptVectors(suite: 1 | 2): SealedVector[] {
  const parts = makeParts({ name: `corrupt ${suite}`, suite });
  const other = makeParts({ name: `corrupt other ${suite}`, suite });
  const whole = join(parts);
  const tableAt = whole.length - parts.last.length - 20;

  return [
    ...negative(parts, suite, "corrupt-segment", segments(parts, suite)),
    ...negative(parts, suite, "oversized-length", {
      "a segment of no bytes": setU32(whole, parts.header.length, 0),
      "a segment of 4 GiB": setU32(whole, parts.header.length, 0xffff_ffff),
      "a segment one byte over the last segment's limit": setU32(whole, parts.header.length, 64 * 1024 * 1024 + 1),
      "a segment one byte over the data segments' limit": setU32(whole, parts.header.length, 16_842_753),
      "a last segment of 4 GiB": setU32(whole, tableAt, 0xffff_ffff),
    }),
    ...negative(parts, suite, "truncated", truncated(parts, whole, tableAt)),
    ...negative(parts, suite, "reordered", reordered(parts)),
    ...negative(parts, suite, "spliced", spliced(parts, other, suite)),
    ...negative(parts, suite, "corrupt-trailer", {
      "offset one too high": flip(whole, -13),
      "offset 0": concat(whole.subarray(0, -20), sealTrailer(0, 3)),
      "offset of the first segment": concat(whole.subarray(0, -20), sealTrailer(parts.header.length, 3)),
      "offset beyond the end": concat(whole.subarray(0, -20), sealTrailer(whole.length, 3)),
      "offset beyond 2^53": setU32(whole, -20, 0xffff_ffff),
      "one segment too few": concat(whole.subarray(0, -20), trailerOf(parts.header, parts.data, 2)),
      "one segment too many": concat(whole.subarray(0, -20), trailerOf(parts.header, parts.data, 4)),
      "no segments": concat(whole.subarray(0, -20), trailerOf(parts.header, parts.data, 0)),
      "magic, first byte": flip(whole, -8),
      "magic, last byte": flip(whole, -1),
    }),
    ...negative(parts, suite, "trailing-garbage", {
      "one zero byte": concat(whole, new Uint8Array(1)),
      "twenty zero bytes": concat(whole, new Uint8Array(20)),
      "four thousand zero bytes": concat(whole, new Uint8Array(4000)),
      "a second trailer": concat(whole, parts.trailer),
      "another whole object": concat(whole, join(other)),
      "itself once more": concat(whole, whole),
    }),
  ];
}

function segments(parts: Parts, _suite: 1 | 2): Spoiled {
  const { header, state, content, data, last } = parts;
  const [first, second, third] = data as [Uint8Array, Uint8Array, Uint8Array];
  const sealing = fixedSealing("final flags");
  const final = (index: number) => sealing.sealSegment(state, index, true, content[index] ?? new Uint8Array(1));
  const table = sealing.openSegment(state, 3, true, last);
  const sealed = (index: number, plaintext: Uint8Array) => sealing.sealSegment(state, index, false, plaintext);
  return {
    "first byte of the first ciphertext": join({ ...parts, data: [flip(first, 4), second, third] }),
    "a byte in the middle": join({ ...parts, data: [first, flip(second, 20), third] }),
    "last byte of a tag": join({ ...parts, data: [first, second, flip(third, -1)] }),
    "length one too high": join({ ...parts, data: [setU32(first, 0, 41), second, third] }),
    "length one too low": join({ ...parts, data: [setU32(first, 0, 39), second, third] }),
    "a tag of zeros": join({ ...parts, data: [concat(first.subarray(0, -16), new Uint8Array(16)), second, third] }),
    "first byte of the table's ciphertext": join({ ...parts, last: flip(last, 4) }),
    "last byte of the table's tag": join({ ...parts, last: flip(last, -1) }),
    "length of the table": join({ ...parts, last: flip(last, 3) }),
    "everything after the header zero": concat(header, new Uint8Array(150)),
    "a data segment with the final flag": join({ ...parts, data: [first, final(1), third] }),
    "a table without the final flag": join({ ...parts, last: sealed(3, table) }),
    "a table with another segment's number": join({ ...parts, last: sealing.sealSegment(state, 2, true, table) }),
    "a data segment where the table should be": concat(
      header,
      first,
      second,
      final(2),
      trailerOf(header, [first, second]),
    ),
    "segments sealed with the numbers of others": join({
      ...parts,
      data: [sealed(1, content[0] ?? table), sealed(2, content[1] ?? table), third],
    }),
  };
}

function truncated(parts: Parts, whole: Uint8Array, tableAt: number): Spoiled {
  const at = parts.header.length;
  const cuts: Record<string, number> = {
    "to nothing": 0,
    "within the magic": 7,
    "after the magic": 8,
    "within the key block's length": 15,
    "after the fixed part": 16,
    "before the key block": 80,
    "one byte before the header's end": at - 1,
    "after the header": at,
    "within a length": at + 3,
    "after a length": at + 4,
    "within the first segment": at + 30,
    "after the first segment": at + 60,
    "after the second segment": at + 120,
    "before the table": tableAt,
    "within the table": tableAt + 10,
    "before the trailer": whole.length - 20,
    "within the trailer": whole.length - 9,
    "by one byte": whole.length - 1,
  };
  return Object.fromEntries(Object.entries(cuts).map(([what, length]) => [what, whole.slice(0, length)]));
}

function reordered(parts: Parts): Spoiled {
  const { header, data, last } = parts;
  const [first, second, third] = data as [Uint8Array, Uint8Array, Uint8Array];
  const put = (order: readonly Uint8Array[]) => concat(header, ...order, last, trailerOf(header, order));
  return {
    "the first two swapped": put([second, first, third]),
    "turned round": put([third, second, first]),
    "the first one twice": put([first, first, third]),
    "the last data segment twice": put([first, second, third, third]),
    "the first one missing": put([second, third]),
    "one in the middle missing": put([first, third]),
    "the last data segment missing": put([first, second]),
    "all data missing": put([]),
    "the table before the data": concat(header, last, first, second, third, trailerOf(header, [])),
    "the table twice": concat(
      header,
      first,
      second,
      third,
      last,
      last,
      trailerOf(header, [first, second, third, last]),
    ),
  };
}

function spliced(parts: Parts, other: Parts, suite: 1 | 2): Spoiled {
  const { data } = parts;
  const [first, , third] = data as [Uint8Array, Uint8Array, Uint8Array];
  const shorter = makeParts({ name: `corrupt ${suite}`, suite, content: contentOf(`corrupt ${suite}`, [40, 40]) });
  return {
    "a segment of another object": join({ ...parts, data: [first, other.data[1] ?? first, third] }),
    "the header of another object": join({ ...parts, header: other.header }),
    "the table of another object": join({ ...parts, last: other.last }),
    "table and trailer of another object": join({ ...parts, last: other.last, trailer: other.trailer }),
    "all data of another object": join({ ...parts, data: other.data }),
    "the first half of one, the second of another": concat(join(parts).subarray(0, 170), join(other).subarray(170)),
    "an older, shorter state of the same object": concat(join(shorter).subarray(0, -20), parts.trailer),
  };
}
