import { type ErrorCode, LifeboatError } from "@lifeboat/contracts";
import type { Attempt } from "./connect.ts";
import { Lost } from "./lost.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  /** Docs: `LifeboatError.reason`. */
  readonly reason?: string;
  readonly hint: string;
  /** Whether trying again soon may help. */
  readonly passing: boolean;
}

const NETWORK = "Check the network and the server's address, and that no firewall is in the way.";

/** What the system's errors of a connection mean. */
const SYSTEM: Readonly<Record<string, Meaning>> = {
  ENOTFOUND: {
    code: "UNREACHABLE",
    reason: "unknown-host",
    says: "the name is not known to the DNS",
    hint: "Check the spelling of the host's name, and that this machine can look names up.",
    passing: false,
  },
  EAI_AGAIN: {
    code: "UNREACHABLE",
    says: "the DNS did not answer",
    hint: "Check this machine's network and its name servers (/etc/resolv.conf).",
    passing: true,
  },
  ECONNREFUSED: {
    code: "UNREACHABLE",
    says: "nobody listens there",
    hint: "Check the port, and that the SSH server runs.",
    passing: true,
  },
  EHOSTUNREACH: { code: "UNREACHABLE", says: "no way leads to the host", hint: NETWORK, passing: true },
  ENETUNREACH: { code: "UNREACHABLE", says: "no way leads to the host's network", hint: NETWORK, passing: true },
  ETIMEDOUT: { code: "TIMEOUT", says: "it did not answer", hint: NETWORK, passing: true },
};

const SILENT: Meaning = { code: "TIMEOUT", says: "it did not answer in time", hint: NETWORK, passing: true };
const BROKEN: Meaning = { code: "UNREACHABLE", says: "the connection broke", hint: NETWORK, passing: true };
const CLOSED: Meaning = {
  code: "UNREACHABLE",
  says: "it closed the connection before it said anything",
  hint: "It may limit or ban connections (MaxStartups and PerSourceMaxStartups in sshd_config, fail2ban), or be starting.",
  passing: true,
};
const CROWDED: Meaning = {
  code: "RATE_LIMITED",
  says: "it takes no more connections now",
  hint: "Raise MaxStartups and MaxSessions in the server's sshd_config, or lower the option connections.",
  passing: true,
};
const NO_SSH: Meaning = {
  code: "INVALID",
  says: "what answers there is no SSH server",
  hint: "Check the port: SFTP uses the SSH port, 22 as a rule. FTP and FTPS are other protocols.",
  passing: false,
};
const NO_COMMON: Meaning = {
  code: "UNSUPPORTED",
  says: "it shares no algorithm with this client",
  hint: "Update the server: it offers only ciphers, key exchanges or host keys that are no longer safe.",
  passing: false,
};
const NO_SFTP: Meaning = {
  code: "UNSUPPORTED",
  says: "it let us in, but does not speak SFTP",
  hint: 'Enable SFTP on the server ("Subsystem sftp internal-sftp" in sshd_config), and see that the login\'s shell prints nothing.',
  passing: false,
};
const NO_AGENT: Meaning = {
  code: "UNAUTHENTICATED",
  says: "the SSH agent did not help",
  hint: 'Check the option agent (SSH_AUTH_SOCK), and that "ssh-add -l" lists a key.',
  passing: false,
};

/** Why no connection came about: as a {@link Lost} where trying again may help. */
export function connectFailure(attempt: Attempt): unknown {
  const { settings, credentials, verdict, failure, timedOut } = attempt;
  if (verdict !== null) return verdict;
  if (!(failure instanceof Error)) return failure;
  const level = "level" in failure ? failure.level : undefined;
  const refused = level === "client-authentication" || /authentication failure/i.test(failure.message);
  if (refused) return credentials.refused();
  const { code, reason, says, hint, passing } = timedOut ? SILENT : meaningOf(failure, level, attempt.greeting);
  const error = new LifeboatError({
    code,
    operation: "storage.connect",
    reason,
    message: `Expected an SFTP server at ${settings.host}:${settings.port}, but ${says}.`,
    hint,
    retryable: passing,
    cause: failure,
  });
  return passing ? new Lost(error) : error;
}

function meaningOf(failure: Error, level: unknown, greeting: string): Meaning {
  const known = "code" in failure ? SYSTEM[String(failure.code)] : undefined;
  if (known !== undefined) return known;
  const text = failure.message;
  if (/MaxStartups|too many connections/i.test(`${greeting} ${text}`)) return CROWDED;
  if (/channel open failure/i.test(text)) return CROWDED;
  if (level === "agent") return NO_AGENT;
  if (greeting !== "" && !greeting.includes("SSH-")) return NO_SSH;
  if (/no matching|algorithm/i.test(text)) return NO_COMMON;
  if (/subsystem|establishing SFTP|packet length/i.test(text)) return NO_SFTP;
  return greeting === "" ? CLOSED : BROKEN;
}
