/** A real SFTP server that a test started. */
export interface SftpServer {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** The password that it accepts; absent where it takes keys only. */
  readonly password?: string;
  /** The private key that it accepts, in OpenSSH's format, without a passphrase. */
  readonly privateKey: string;
  /** Its own key as OpenSSH prints it: `SHA256:…`. */
  readonly fingerprint: string;
  /** Its own key as a line: type and base64. */
  readonly hostKey: string;
  /** The directory to keep objects in, as the server names it. */
  readonly directory: string;
  /** Where that lies on this machine. */
  readonly folder: string;
  /** What it wrote to its log so far. */
  log(): string;
  /** Stops it and removes what it made. Connections that are open are left to their clients. */
  stop(): Promise<void>;
}
