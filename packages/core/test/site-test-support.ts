import type { SiteTestReport } from "../src/index.ts";
import { type HostOptions, host } from "./support.ts";

/** What a test of the host's site finds. */
export async function report(options: HostOptions): Promise<SiteTestReport> {
  return await host(options).engine.sites.test("local");
}

/** Level and code of each finding. */
export function findings({ findings }: SiteTestReport): string[] {
  return findings.map(({ level, code }) => `${level} ${code}`);
}

/** How each step went. */
export function statuses({ steps }: SiteTestReport): Record<string, string> {
  return Object.fromEntries(steps.map(({ name, status }) => [name, status]));
}
