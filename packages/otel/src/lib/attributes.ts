import type { JobEventBase } from "@lifeboat/core";
import type { Attributes } from "@opentelemetry/api";
import type { Labels } from "./labels.ts";

/** The names of attributes: `error.type` is OpenTelemetry's, the others are under a name of our own. */
export const KIND = "lifeboat.job.kind";
export const STATUS = "lifeboat.job.status";
export const SITE = "lifeboat.site.name";
export const PLAN = "lifeboat.plan.name";
export const SOURCE = "lifeboat.source.id";
export const ERROR_TYPE = "error.type";

/** What metrics tell jobs apart by. */
export function jobAttributes({ kind, site, plan }: JobEventBase, labels: Labels): Attributes {
  return { [KIND]: kind, ...placeAttributes({ site, plan }, labels) };
}

/** A site, and a plan where there is one. */
export function placeAttributes(
  { site, plan }: { readonly site: string; readonly plan?: string | undefined },
  labels: Labels,
): Attributes {
  return { [SITE]: labels.of(SITE, site), ...(plan === undefined ? {} : { [PLAN]: labels.of(PLAN, plan) }) };
}
