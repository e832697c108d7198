import { expect, it } from "vitest";
import { withoutSecrets } from "../../src/lib/events/redact.ts";

const cases: readonly [string, string, string][] = [
  [
    "a sentence without a URL",
    "There is no backup yet: /mnt/usb holds no site?",
    "There is no backup yet: /mnt/usb holds no site?",
  ],
  ["a plain URL", "Asked https://example.org/a/b.", "Asked https://example.org/a/b."],
  [
    "a password",
    "postgres://app:hunter2@db.example.org:5432/app is gone",
    "postgres://db.example.org:5432/app is gone",
  ],
  ["a password with an @", "x (sftp://u:p@ss@nas.example.org/y)", "x (sftp://nas.example.org/y)"],
  ["a user name alone", "https://token@example.org", "https://example.org"],
  ["a query", 'at "https://example.org/hook?token=abc&x=1", twice', 'at "https://example.org/hook?…", twice'],
  ["a query that ends a sentence", "GET https://example.org/?key=abc.", "GET https://example.org/?…."],
  ["a fragment", "https://example.org/a#secret is", "https://example.org/a#… is"],
  ["a query without a path", "https://example.org?key=abc", "https://example.org?…"],
  ["several", "http://a:b@c/d then http://e/?f", "http://c/d then http://e/?…"],
  ["capitals", "HTTPS://User:Pass@Example.org/", "HTTPS://Example.org/"],
];

it.each(cases)("A message keeps all but what is secret: %s", (_, text, expected) => {
  expect(withoutSecrets(text)).toBe(expected);
});
