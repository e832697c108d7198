import { LifeboatError } from "@lifeboat/contracts";
import ssh2, { type AnyAuthMethod, type AuthenticationType } from "ssh2";
import { seenHostKey } from "./host-key.ts";
import type { Settings } from "./options.ts";

/** What to let oneself in with, one after the other, and what became of it. */
export interface Credentials {
  /** The next method to try, or `false` where none is left. `accepted`: the methods that the server would take, once it has said. */
  next(accepted: readonly string[] | null): AnyAuthMethod | false;
  /** The error for a server that refused them all. */
  refused(): LifeboatError;
}

/**
 * The credentials of a storage, checked as far as that goes without a server.
 *
 * @throws WRONG_KEY where the passphrase does not open the private key; INVALID where that is no key
 */
export function credentialsOf(settings: Settings): Credentials {
  const { username, password, privateKey, agent } = settings;
  const methods: AnyAuthMethod[] = [];
  const offered: string[] = [];
  if (privateKey !== undefined) {
    const key = parsedKey(settings);
    methods.push({ type: "publickey", username, key });
    offered.push(`the key ${seenHostKey(key.getPublicSSH()).fingerprint}`);
  }
  if (agent !== undefined) {
    methods.push({ type: "agent", username, agent });
    offered.push("the keys of the agent");
  }
  if (password !== undefined) {
    methods.push({ type: "password", username, password });
    methods.push({
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    });
    offered.push("the password");
  }
  let known: readonly string[] | null = null;
  return {
    next(accepted) {
      known = accepted ?? known;
      for (let method = methods.shift(); method !== undefined; method = methods.shift()) {
        const asked = wireName(method.type);
        if (known?.includes(asked) ?? asked !== "keyboard-interactive") return method;
      }
      return false;
    },
    refused: () => refused(settings, offered, known),
  };
}

/** What a method is called in the protocol. */
function wireName(type: AuthenticationType): string {
  return type === "agent" ? "publickey" : type;
}

function parsedKey({ privateKey, passphrase }: Settings) {
  const bytes = typeof privateKey === "string" ? privateKey : Buffer.from(privateKey ?? []);
  const parsed = ssh2.utils.parseKey(bytes, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error) throw unreadable(key.message, passphrase !== undefined);
  if (key?.isPrivateKey()) return key;
  throw new LifeboatError({
    code: "INVALID",
    operation: "storage.connect",
    message: "Expected the content of a private key file, found a public key.",
    hint: "Give the file without .pub, and its content rather than its path.",
  });
}

/** The parser's own text stays out of the message: it is not known what it quotes. */
function unreadable(problem: string, given: boolean): LifeboatError {
  const operation = "storage.connect";
  if (/no passphrase/i.test(problem)) {
    const message = "Expected a passphrase, because the private key is encrypted; found none.";
    return new LifeboatError({
      code: "WRONG_KEY",
      operation,
      reason: "wrong-passphrase",
      message,
      hint: "Set the option passphrase.",
    });
  }
  if (given && /passphrase|integrity|decrypt|bad decrypt|check bytes/i.test(problem)) {
    return new LifeboatError({
      code: "WRONG_KEY",
      operation,
      reason: "wrong-passphrase",
      message: "Expected the passphrase that opens the private key, found another one, or a damaged key.",
      hint: 'Check the passphrase with "ssh-keygen -yf KEYFILE".',
    });
  }
  return new LifeboatError({
    code: "INVALID",
    operation,
    message: "Expected the content of a private key file, found something that is none.",
    hint: "Give what is in the file (it begins with -----BEGIN), not its path; or make a key: ssh-keygen -t ed25519.",
  });
}

function refused({ username, host, port }: Settings, offered: readonly string[], known: readonly string[] | null) {
  const takes = known === null || known.length === 0 ? "" : ` The server takes: ${known.join(", ")}.`;
  const keys = offered.some((one) => one.startsWith("the key"));
  const words = offered.includes("the password");
  const keysOnly = known !== null && !known.includes("password") && !known.includes("keyboard-interactive");
  const advice = [
    ...(words
      ? [keysOnly ? "use a private key, since it takes no passwords" : "check the username and the password"]
      : []),
    ...(keys ? [`add the public key to ~/.ssh/authorized_keys of ${username} on the server`] : []),
    ...(words || keys ? [] : ['add a key that fits to the agent ("ssh-add -l" lists what it has)']),
  ].join(", or ");
  return new LifeboatError({
    code: "UNAUTHENTICATED",
    operation: "storage.connect",
    message: `Expected ${host}:${port} to let ${username} in by ${offered.join(" or ")}; it refused.${takes}`,
    hint: `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.`,
  });
}
