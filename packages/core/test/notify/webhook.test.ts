import { systemClock } from "@lifeboat/contracts";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { type DeliveryContext, type Notification, webhook } from "../../src/index.ts";
import { manualClock } from "../manual-clock.ts";
import { type Answer, receiver } from "./receiver.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const OLD = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
const NOTIFICATION: Notification = {
  type: "site-unreachable",
  id: "00112233445566778899aabbccddeeff",
  time: new Date("2026-11-20T02:00:00.000Z"),
  instance: "nvr-berlin",
  app: { name: "nvr", version: "1.9.0" },
  site: "offsite",
  since: new Date("2026-11-20T01:30:00.000Z"),
  reminder: false,
  text: 'The site "offsite" can\'t be looked at: it does not answer. 🛟',
  reason: {
    code: "site-away",
    site: "offsite",
    points: 40,
    cause: "UNREACHABLE",
    message: "it does not answer",
    text: "…",
  },
};

/** A context whose pauses take no time. */
function context(changes: Partial<DeliveryContext> = {}) {
  const pauses: number[] = [];
  const { signal } = new AbortController();
  const pause = async (ms: number) => void pauses.push(Math.round(ms / 1000));
  return { pauses, context: { signal, clock: systemClock, pause, ...changes } };
}

describe("A webhook", () => {
  it("sends JSON that the reference implementation finds genuine", async () => {
    const { origin, received } = await receiver(204);
    await webhook({ url: `${origin}/hook?token=abc#x`, secret: [SECRET, OLD] })(NOTIFICATION, context().context);
    const [{ method, url, headers, body } = { method: "", url: "", headers: {}, body: "" }] = received;
    expect([method, url]).toEqual(["POST", "/hook?token=abc"]);
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "webhook-id": NOTIFICATION.id,
      "webhook-timestamp": expect.stringMatching(/^\d{10}$/),
      "webhook-signature": expect.stringMatching(/^v1,\S{44} v1,\S{44}$/),
    });
    for (const secret of [SECRET, OLD]) {
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({
        type: "backup.site_unreachable",
        timestamp: "2026-11-20T02:00:00.000Z",
        data: JSON.parse(JSON.stringify({ ...NOTIFICATION, type: undefined, time: undefined })),
      });
    }
    const other = new Webhook(Buffer.alloc(32, 8).toString("base64"));
    expect(() => other.verify(body, headers as Record<string, string>)).toThrow("No matching signature");
  });

  it("signs the second in which it sends, as the reference implementation does", async () => {
    const { origin, received } = await receiver(200);
    const clock = manualClock(1_674_087_231_000);
    await webhook({ url: origin, secret: SECRET })(NOTIFICATION, context({ clock }).context);
    const { headers, body = "" } = received[0] ?? {};
    const signature = new Webhook(SECRET).sign(NOTIFICATION.id, new Date(1_674_087_231_000), body);
    expect(headers).toMatchObject({ "webhook-timestamp": "1674087231", "webhook-signature": signature });
  });

  const retried: readonly [string, readonly Answer[], readonly number[]][] = [
    ["errors of the server", [500, 502, 503, 204], [5, 300, 1800]],
    ["a line that breaks", ["hang up", 200], [5]],
    ["limits", [429, 408, 204], [5, 300]],
    ["a longer wait that is asked for", [{ status: 503, headers: { "retry-after": "3600" } }, 200], [3600]],
    ["a shorter wait that is asked for", [{ status: 503, headers: { "retry-after": "1" } }, 200], [5]],
    ["a wait of years", [{ status: 503, headers: { "retry-after": "99999999" } }, 200], [86_400]],
  ];
  it.each(retried)("comes again after growing pauses: %s", async (_, answers, least) => {
    const { origin, received } = await receiver(...answers);
    const { pauses, context: work } = context();
    await webhook({ url: origin, secret: SECRET })(NOTIFICATION, work);
    expect(received).toHaveLength(answers.length);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([NOTIFICATION.id]));
    expect(pauses).toHaveLength(least.length);
    for (const [n, seconds] of least.entries()) {
      expect(pauses[n]).toBeGreaterThanOrEqual(seconds);
      expect(pauses[n]).toBeLessThanOrEqual(seconds * 1.2);
    }
  });

  it("gives up after 18 hours", async () => {
    const { origin, received } = await receiver(500);
    const { pauses, context: work } = context();
    const sent = webhook({ url: origin, secret: SECRET })(NOTIFICATION, work);
    await expect(sent).rejects.toMatchObject({ code: "UNREACHABLE", reason: "status-500" });
    expect(received).toHaveLength(7);
    expect(pauses.reduce((a, b) => a + b) / 3600).toBeGreaterThan(17);
  });

  const final: readonly [Answer, string][] = [
    [400, "answered with the status 400"],
    [401, "answered with the status 401"],
    [404, "answered with the status 404"],
    [{ status: 301, headers: { location: "https://elsewhere.example/" } }, "a redirect (301), which is not followed"],
    [{ status: 307, headers: { location: "/other" } }, "a redirect (307), which is not followed"],
  ];
  it.each(final)("takes %j for final", async (answer, words) => {
    const { origin, received } = await receiver(answer);
    const { pauses, context: work } = context();
    const sent = webhook({ url: `${origin}/?token=hunter2`, secret: SECRET })(NOTIFICATION, work);
    await expect(sent).rejects.toThrow(expect.objectContaining({ message: expect.stringContaining(words) }));
    await expect(sent).rejects.not.toThrow(/hunter2/);
    expect([received.length, pauses]).toEqual([1, []]);
  });

  it("sends nothing more to who wants no more", async () => {
    const { origin, received } = await receiver(410, 200);
    const deliver = webhook({ url: origin, secret: SECRET });
    for (let n = 0; n < 2; n++) {
      await expect(deliver(NOTIFICATION, context().context)).rejects.toMatchObject({ reason: "gone" });
    }
    expect(received).toHaveLength(1);
  });

  it("waits 15 s for an answer, by the engine's clock", async () => {
    const { origin, arrivals } = await receiver("nothing", 200);
    const clock = manualClock();
    const { pauses, context: work } = context({ clock });
    const sent = webhook({ url: origin, secret: SECRET })(NOTIFICATION, work);
    await arrivals(1);
    clock.advance(14_999);
    expect(pauses).toEqual([]);
    clock.advance(1);
    await sent;
    expect(pauses).toHaveLength(1);
  });

  it("says so where nobody is there, without what the URL holds", async () => {
    const pause = async () => {
      throw new Error("enough");
    };
    const url = "http://me:hunter2@127.0.0.1:1/hook/abc?token=def";
    await expect(webhook({ url, secret: SECRET })(NOTIFICATION, context({ pause }).context)).rejects.toThrow("enough");
    const { context: work } = context();
    const failure = await Promise.resolve(webhook({ url, secret: SECRET })(NOTIFICATION, work)).catch(
      (e: unknown) => e,
    );
    expect(failure).toMatchObject({ code: "UNREACHABLE", retryable: true });
    expect(JSON.stringify([failure, String(failure)])).not.toMatch(/hunter2|abc|def|whsec/);
  });

  it("stops where the engine closes", async () => {
    const { origin, arrivals } = await receiver("nothing");
    const stop = new AbortController();
    const sent = webhook({ url: origin, secret: SECRET })(NOTIFICATION, context({ signal: stop.signal }).context);
    await arrivals(1);
    stop.abort("enough");
    await expect(sent).rejects.toBe("enough");
  });

  it("takes a user name and a password out of the URL, into a header", async () => {
    const { origin, received } = await receiver(200);
    const url = origin.replace("http://", "http://me:p%40ss@");
    await webhook({ url, secret: SECRET })(NOTIFICATION, context().context);
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
  });

  it("sends only what it is to send", async () => {
    const { origin, received } = await receiver(200);
    await webhook({ url: origin, secret: SECRET, types: ["failed"] })(NOTIFICATION, context().context);
    expect(received).toEqual([]);
  });

  const wrong: readonly [string, unknown, unknown][] = [
    ["no URL", undefined, SECRET],
    ["something else", "hooks.example.org/hunter2", SECRET],
    ["another scheme", "file:///hunter2", SECRET],
    ["no secret", "https://example.org/", undefined],
    ["no secrets", "https://example.org/", []],
    ["a short secret", "https://example.org/", `whsec_${Buffer.alloc(23).toString("base64")}`],
    ["a long secret", "https://example.org/", `whsec_${Buffer.alloc(65).toString("base64")}`],
    ["a secret that is no base64", "https://example.org/", "whsec_hunter2 hunter2 hunter2 hunter2 hunter2"],
    ["one bad secret of two", "https://example.org/", [SECRET, "hunter2"]],
  ];
  it.each(wrong)("is refused with %s, which is not quoted", (_, url, secret) => {
    const make = () => webhook({ url: url as string, secret: secret as string });
    expect(make).toThrow(expect.objectContaining({ code: "INVALID" }));
    expect(make).not.toThrow(/hunter2/);
  });
});
