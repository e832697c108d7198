import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { type S3ProviderName, type S3StorageOptions, s3Providers, s3Storage } from "@lifeboat/storage-s3";
import { sftpStorage } from "@lifeboat/storage-sftp";
import { LifeboatError, type Storage } from "lifeboat";

/** The storage that a URL names. Credentials come from the environment, never from the URL, which others can see. */
export async function storageOf(text: string): Promise<Storage> {
  if (!URL.canParse(text)) throw refusal("a URL that begins with s3:// or sftp://", "something else");
  const url = new URL(text);
  if (url.password !== "") throw refusal("a URL without a password", "one with it");
  if (url.protocol === "s3:") return s3Of(url);
  if (url.protocol === "sftp:") return await sftpOf(url);
  throw refusal("a URL that begins with s3:// or sftp://", `${url.protocol}//`);
}

function s3Of(url: URL): Storage {
  if (url.username !== "") throw refusal("an s3:// URL without credentials", "one with them");
  const { endpoint, region, provider, addressing, ...unknown } = Object.fromEntries(url.searchParams);
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) throw refusal("the parameters endpoint, region, provider and addressing", extra);
  if (provider !== undefined && !isProvider(provider)) throw refusal("a provider of docs/guide/s3.md", provider);
  if (addressing !== undefined && addressing !== "path" && addressing !== "virtual-host") {
    throw refusal("the addressing path or virtual-host", addressing);
  }
  const options: S3StorageOptions = {
    bucket: url.hostname,
    prefix: pathOf(url),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(provider === undefined ? {} : { provider }),
    ...(addressing === undefined ? {} : { addressing }),
  };
  return s3Storage(options);
}

function isProvider(name: string): name is S3ProviderName {
  return Object.hasOwn(s3Providers, name);
}

async function sftpOf(url: URL): Promise<Storage> {
  const { SFTP_KEY_FILE, SFTP_KEY_PASSPHRASE, SFTP_PASSWORD, SFTP_HOST_KEY, SSH_AUTH_SOCK } = process.env;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 22 : Number(url.port);
  const path = pathOf(url);
  const [own, others] = [SFTP_KEY_FILE ?? SFTP_PASSWORD, SSH_AUTH_SOCK];
  return sftpStorage({
    host,
    port,
    username: decodeURIComponent(url.username),
    path: path.startsWith("~/") ? path.slice(2) : `/${path}`,
    privateKey: SFTP_KEY_FILE === undefined ? undefined : await readFile(SFTP_KEY_FILE, "utf8"),
    passphrase: SFTP_KEY_PASSPHRASE,
    password: SFTP_PASSWORD,
    agent: own === undefined ? others : undefined,
    hostKey: SFTP_HOST_KEY ?? (await knownKeys(host, port)),
  });
}

/** The keys that `~/.ssh/known_hosts` has for a server; without any, the storage tells the one that it sees. */
async function knownKeys(host: string, port: number): Promise<readonly string[]> {
  const name = port === 22 ? host : `[${host}]:${port}`;
  try {
    const { stdout } = await promisify(execFile)("ssh-keygen", ["-F", name]);
    return stdout.split("\n").filter((line) => line.trim() !== "" && !/^[#@]/.test(line));
  } catch {
    return []; // it ends so where it knows none, or there is no ssh-keygen
  }
}

function pathOf({ pathname }: URL): string {
  return decodeURIComponent(pathname).replace(/^\//, "");
}

function refusal(expected: string, found: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "quickstart",
    message: `Expected --site to be ${expected}, found ${found}.`,
    hint: "npm run quickstart -- --help",
  });
}
