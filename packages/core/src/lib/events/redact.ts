/** Characters that end a URL in a sentence. */
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s"'<>`|\\^{}]+)/gi;

/**
 * A text without what URLs in it may hold that is secret: user names and passwords, queries and fragments. All else
 * stays as it is.
 */
export function withoutSecrets(text: string): string {
  return text.replace(URL_IN_TEXT, (_, scheme: string, rest: string) => {
    const [, authority = "", path = "", secret = ""] = /^([^/?#]*)([^?#]*)(.*)$/s.exec(rest) ?? [];
    const host = authority.slice(authority.lastIndexOf("@") + 1);
    const end = /[.,;:!)\]]+$/.exec(secret)?.[0] ?? "";
    return `${scheme}${host}${path}${secret === "" ? "" : `${secret[0]}…${end}`}`;
  });
}
