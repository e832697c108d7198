/** An error in exactly the shape that AWS gives it. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Further elements of the error's document. */
  readonly details: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

type Xml = string | readonly Xml[] | { readonly [name: string]: Xml };

/** A document with one element inside it for each property, and several for an array. */
export function xml(name: string, content: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, content)}`;
}

function element(name: string, content: Xml): string {
  if (typeof content === "string") return `<${name}>${escaped(content)}</${name}>`;
  if (Array.isArray(content)) return content.map((one: Xml) => element(name, one)).join("");
  const inner = Object.entries(content).map(([child, value]) => element(child, value));
  return `<${name}>${inner.join("")}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** The texts of all elements of a name, in order. */
export function textsIn(document: string, name: string): string[] {
  return Array.from(document.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g")), ([, text = ""]) =>
    text
      .replaceAll("&quot;", '"')
      .replaceAll("&gt;", ">")
      .replaceAll("&lt;", "<")
      .replaceAll("&apos;", "'")
      .replaceAll(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
      .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
      .replaceAll("&amp;", "&"),
  );
}

/** The answer to a request that was refused. */
export function refused(refusal: S3Refusal, method: string, resource: string, requestId: string): Answer {
  const headers = { "content-type": "application/xml", "x-amz-request-id": requestId };
  if (method === "HEAD") return { status: refusal.status, headers };
  const { code: Code, message: Message, details } = refusal;
  const body = xml("Error", { Code, Message, ...details, Resource: resource, RequestId: requestId, HostId: "strict" });
  return { status: refusal.status, headers, body };
}
