import { LifeboatError } from "@lifeboat/contracts";

/** Where a request goes. */
export interface RequestTarget {
  /** Without a user name and a password. */
  readonly href: string;
  /** What of it may be shown: paths and queries of such URLs are secrets as often as not. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads a URL; a user name and a password in it become a header.
 *
 * @throws INVALID, without quoting it
 */
export function requestTarget(text: unknown, name: string): RequestTarget {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new LifeboatError({
      code: "INVALID",
      operation: "options",
      key: name,
      message: `Expected ${name} to be a URL that begins with https:// or http://.`,
    });
  }
  const { username, password, origin } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  const isNamed = username !== "" || password !== "";
  return { href: url.href, origin, headers: isNamed ? { authorization: `Basic ${login}` } : {} };
}
