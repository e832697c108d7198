import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

/** How to call it. */
export const HELP = `npm run quickstart -- [DIR] [--site URL] [--format archive|dedup]

Backs up DIR (default: this checkout), looks inside, verifies, restores elsewhere and compares every byte.
Without --site the backup goes to a temporary folder. With it, the site is tested first, and the backup stays there.

  --site s3://BUCKET/PREFIX?endpoint=https://…&region=…&provider=…&addressing=path
      Without an endpoint: Amazon S3. Credentials as the AWS SDK finds them:
      AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws, or the machine's role.

  --site sftp://USER@HOST:PORT/PATH
      PATH is absolute; /~/PATH begins at the login's own directory. Lets itself in with
      SFTP_KEY_FILE (and SFTP_KEY_PASSPHRASE), SFTP_PASSWORD, or the keys of the SSH agent.
      The server is known by SFTP_HOST_KEY (SHA256:…), or by what ~/.ssh/known_hosts has.

  --format archive|dedup
      How backups are laid out: a file for each, or each piece of content once for all of them. Default: archive.

  BACKUP_PASSPHRASE
      What encrypts the backups. Default: a passphrase that everybody knows.`;

/** What it was asked to do. */
export interface Asked {
  readonly help: boolean;
  /** The directory to back up. */
  readonly data: string;
  /** Where the site lies; `undefined` for a temporary folder. */
  readonly site: string | undefined;
  readonly format: "archive" | "dedup";
}

/** Reads the command line. Throws where it is none. */
export function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      site: { type: "string" },
      format: { type: "string", default: "archive" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const checkout = join(import.meta.dirname, "..", "..", "..");
  const data = resolve(process.env.INIT_CWD ?? ".", positionals[0] ?? checkout);
  const { help, site, format } = values;
  if (format !== "archive" && format !== "dedup")
    throw new Error(`Expected --format archive or dedup, found ${format}.`);
  return { help, data, site, format };
}
