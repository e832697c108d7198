import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { storageOn } from "./support/buckets.ts";

const run = promisify(execFile);

async function ownCertificate(): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), "certificate-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    await run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      ...subject,
      "-keyout",
      key,
      "-out",
      cert,
    ]);
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a certificate of the server's own making is refused with advice, and taken when it is trusted", async () => {
  const { key, cert } = await ownCertificate();
  const server = createServer({ key, cert }, (_, response) =>
    response.writeHead(200, { "content-length": 3, date: new Date().toUTCString() }).end(),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const on = {
    endpoint: `https://127.0.0.1:${port}`,
    credentials: { accessKeyId: "a-key", secretAccessKey: "a-secret" },
  };
  try {
    await expect(storageOn(on, "b").stat("a")).rejects.toMatchObject({
      code: "UNREACHABLE",
      hint: expect.stringContaining("`tls.ca`"),
    });
    for (const tls of [{ ca: cert }, { insecure: true }]) {
      await using storage = storageOn(on, "b", { tls });
      expect((await storage.stat("a"))?.size).toBe(3);
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
