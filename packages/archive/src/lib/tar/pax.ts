import { concatBytes } from "@lifeboat/frames";

const encoder = new TextEncoder();

/** The body of a pax extended header: `<length> <key>=<value>\n` a record, the length counting itself. */
export function paxRecords(records: ReadonlyMap<string, string | Uint8Array>): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const [key, value] of records) {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    const rest = key.length + bytes.length + 3; // " ", "=", "\n"
    let length = rest + String(rest).length;
    if (rest + String(length).length > length) length += 1;
    pieces.push(encoder.encode(`${length} ${key}=`), bytes, encoder.encode("\n"));
  }
  return concatBytes(pieces);
}
