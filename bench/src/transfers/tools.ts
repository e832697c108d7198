import { join } from "node:path";
import type { Kind, Place } from "./servers.ts";

/** What is compared. */
export type TransferTool = "lifeboat" | "rclone" | "sftp";

/** Which tools know which kind of server. */
export const TOOLS: Readonly<Record<Kind, readonly TransferTool[]>> = {
  s3: ["lifeboat", "rclone"],
  sftp: ["lifeboat", "rclone", "sftp"],
};

/** Upload or download. */
export type Direction = "up" | "down";

/** A shell command, and what it finds in its environment. */
export interface TransferCommand {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

const CHILD = join(import.meta.dirname, "child.mjs");
const SSH = `-i "$KEY_FILE" -P "$PORT" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;

/** The command that moves `FILE` to the object `KEY`, or back; all tools with their default settings. */
export function transfer(tool: TransferTool, direction: Direction, place: Place): TransferCommand {
  switch (tool) {
    case "lifeboat": {
      const env = { KIND: place.kind, OPTIONS: JSON.stringify(place.options) };
      return { command: `node "${CHILD}" ${direction}`, env };
    }
    case "rclone": {
      const remote = `remote:"$FOLDER/$KEY"`;
      const copy = direction === "up" ? `"$FILE" ${remote}` : `${remote} "$FILE"`;
      return { command: `rclone copyto --config "" ${copy}`, env: place.rclone };
    }
    case "sftp": {
      const remote = `$FOLDER/$KEY`;
      const line = direction === "up" ? `put $FILE ${remote}` : `get ${remote} $FILE`;
      return { command: `echo "${line}" | sftp -q -b - ${SSH} "$USERNAME@$HOST" > /dev/null`, env: place.ssh };
    }
  }
}
