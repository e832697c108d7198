import { createHash } from "node:crypto";
import { LifeboatError } from "@lifeboat/contracts";
import type { Settings } from "./options.ts";

/** The key that a server showed. */
export interface SeenHostKey {
  /** As OpenSSH prints it: `SHA256:…`. */
  readonly fingerprint: string;
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** Type and base64, as in `known_hosts` and `.pub` files. */
  readonly line: string;
}

/** The operation of the error for a key that is not the right one. */
export const HOST_KEY_CHANGED = "storage.connect.hostKey";

/** The host's own check of a server's key: `true` accepts it. */
export type HostKeyCheck = (key: SeenHostKey) => boolean | Promise<boolean>;

/** A server's key from its bytes (RFC 4253, section 6.6). */
export function seenHostKey(bytes: Buffer): SeenHostKey {
  const length = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0;
  const type = bytes.toString("latin1", 4, 4 + length);
  return {
    fingerprint: `SHA256:${createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "")}`,
    type,
    line: `${type} ${bytes.toString("base64")}`,
  };
}

/**
 * What is wrong with a server's key, or `null` where it is the one that was pinned
 * or that the host's function accepts.
 */
export async function hostKeyProblem(settings: Settings, key: SeenHostKey): Promise<LifeboatError | null> {
  const { hostKey } = settings;
  if (hostKey === undefined || (typeof hostKey !== "function" && hostKey.length === 0)) return unpinned(settings, key);
  const right = typeof hostKey === "function" ? await hostKey(key) : [hostKey].flat().some((pin) => fits(pin, key));
  return right === true ? null : changed(settings, key, typeof hostKey === "function");
}

function fits(pin: string, { fingerprint, line }: SeenHostKey): boolean {
  const text = pin.trim();
  if (!text.includes(" ")) return `SHA256:${text.replace(/^SHA256:/i, "").replace(/=+$/, "")}` === fingerprint;
  return ` ${text} `.includes(` ${line} `); // with the hosts' names before it, or a comment after it
}

function unpinned({ host, port }: Settings, { fingerprint, type }: SeenHostKey): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "storage.connect",
    reason: "host-key-unknown",
    message: `Expected the option hostKey, which says how to know the server; ${host}:${port} showed the ${type} key ${fingerprint}.`,
    hint: `Compare it with what "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" prints on the server, then set hostKey: ${JSON.stringify(fingerprint)}.`,
  });
}

function changed({ host, port }: Settings, { fingerprint, type }: SeenHostKey, asked: boolean): LifeboatError {
  const expected = asked ? "a host key that the host application accepts" : "the host key that is pinned";
  return new LifeboatError({
    code: "UNAUTHENTICATED",
    operation: HOST_KEY_CHANGED,
    reason: "host-key-changed",
    message: `Expected ${expected} from ${host}:${port}, found the ${type} key ${fingerprint}. Nothing was sent to it.`,
    hint:
      "Somebody may be between you and the server, or the server was set up anew. Compare the fingerprint with " +
      '"ssh-keygen -lf" on the server itself, and only if they agree change hostKey to it.',
  });
}
