import { LifeboatError, type VerifyShare } from "@lifeboat/contracts";
import { assertShare } from "@lifeboat/manifests";
import { assertRetentionPolicy, type RetentionPolicy } from "@lifeboat/retention";
import type { SourceChoice, SourceRegistry } from "../sources.ts";
import type { VerifyLevel } from "../verify-run.ts";
import { parseDuration } from "./duration.ts";
import { assertTimeZone } from "./grid.ts";
import type { PlanOptions, PlanSources, PlanVerifyOptions, ScheduleOption } from "./plan-options.ts";
import { parseSchedule, type Schedule } from "./schedule.ts";
import { parseSize } from "./size.ts";

/** What a plan verifies, and when. */
export interface PlanVerify {
  readonly schedule: Schedule;
  readonly level: VerifyLevel;
  readonly share?: VerifyShare | undefined;
}

/** A plan, read and checked. */
export interface Plan {
  readonly name: string;
  readonly site: string;
  readonly sources?: PlanSources | undefined;
  /** `null`: only by hand. */
  readonly schedule: Schedule | null;
  /** By which it reckons days. */
  readonly timeZone: string;
  readonly limits: {
    readonly timeMs: number;
    readonly memoryBytes?: number | undefined;
    readonly lowPriority: boolean;
  };
  readonly retry: { readonly firstMs: number; readonly longestMs: number };
  /** `null`: nothing is ever removed. */
  readonly retention: RetentionPolicy | null;
  /** `null`: after each successful run. */
  readonly prune: Schedule | null;
  readonly verify: readonly PlanVerify[];
  /** `null`: by the schedule. */
  readonly staleAfterMs: number | null;
  readonly heartbeat?: string | undefined;
  /** As they were given. */
  readonly options: PlanOptions;
}

/** By what plans are read. */
export interface PlanDefaults {
  readonly timeZone: string;
  /** The names of the engine's sites. */
  readonly sites: readonly string[];
}

const LEVELS: readonly VerifyLevel[] = ["presence", "checksum", "content", "restore"];
const MAX_NAME = 100;

/**
 * Reads the plans of an engine.
 *
 * @throws INVALID, naming the option, for whatever can't be used
 */
export function readPlans(
  all: Readonly<Record<string, PlanOptions>>,
  defaults: PlanDefaults,
): ReadonlyMap<string, Plan> {
  assertTimeZone(defaults.timeZone, "timeZone");
  return new Map(Object.entries(all).map(([name, options]) => [name, readPlan(name, options, defaults)]));
}

function readPlan(name: string, options: PlanOptions, { timeZone, sites }: PlanDefaults): Plan {
  const where = `plans.${name}`;
  if (name === "" || name.length > MAX_NAME)
    throw invalid(where, `Expected a plan's name of 1 to ${MAX_NAME} characters.`);
  if (typeof options !== "object" || options === null) throw invalid(where, `Expected ${where} to be a plan.`);
  if (!sites.includes(options.site))
    throw invalid(
      where,
      `The plan "${name}" is for the site ${JSON.stringify(options.site)}; there are: ${sites.join(", ")}.`,
    );
  const schedule = (option: ScheduleOption | undefined, member: string) =>
    option === undefined ? null : parseSchedule(option, timeZone, `${where}.${member}`);
  const duration = (text: string | undefined, member: string, otherwise: string) =>
    parseDuration(text ?? otherwise, `${where}.${member}`);
  const { limits = {}, retry = {}, verify = [], staleAfter } = options;
  const firstMs = duration(retry.first, "retry.first", "5m");
  const longestMs = duration(retry.longest, "retry.longest", "6h");
  return {
    name,
    site: options.site,
    sources: options.sources,
    schedule: schedule(options.schedule, "schedule"),
    timeZone: zoneOf(options.schedule) ?? timeZone,
    limits: {
      timeMs: duration(limits.time, "limits.time", "12h"),
      memoryBytes: limits.memory === undefined ? undefined : parseSize(limits.memory, `${where}.limits.memory`),
      lowPriority: limits.lowPriority ?? false,
    },
    retry: { firstMs, longestMs: retry.longest === undefined ? Math.max(firstMs, longestMs) : longestMs },
    retention: readRetention(options.retention, `${where}.retention`),
    prune: schedule(options.prune?.schedule, "prune.schedule"),
    verify: readVerifications(isList(verify) ? verify : [verify], timeZone, `${where}.verify`),
    staleAfterMs: staleAfter === undefined ? null : duration(staleAfter, "staleAfter", staleAfter),
    heartbeat: options.heartbeat === undefined ? undefined : urlOf(options.heartbeat, `${where}.heartbeat`),
    options,
  };
}

function readRetention(retention: RetentionPolicy | undefined, where: string): RetentionPolicy | null {
  if (retention === undefined) return null;
  assertRetentionPolicy(retention, where);
  return retention;
}

/** Each at another level: by that the site remembers them. */
function readVerifications(all: readonly PlanVerifyOptions[], timeZone: string, where: string): PlanVerify[] {
  const read = all.map((each, n) => readVerify(each, timeZone, `${where}[${n}]`));
  const levels = new Set(read.map(({ level }) => level));
  if (levels.size === read.length) return read;
  throw invalid(where, `Expected ${where} to have one verification for each level, found several of one.`);
}

function readVerify(
  { schedule, level = "content", share }: PlanVerifyOptions,
  timeZone: string,
  where: string,
): PlanVerify {
  const known = LEVELS.find((each) => each === (level === "drill" ? "restore" : level));
  if (known === undefined)
    throw invalid(
      where,
      `Expected ${where}.level to be ${LEVELS.join(", ")} or drill, found ${JSON.stringify(level)}.`,
    );
  if (share !== undefined) assertShare(share);
  return { schedule: parseSchedule(schedule, timeZone, `${where}.schedule`), level: known, share };
}

/** Reads the name of an installation. @throws INVALID */
export function readInstance(instance: unknown): string {
  if (typeof instance === "string" && instance !== "" && instance.length <= MAX_NAME) return instance;
  throw invalid(
    "instance",
    `Expected instance to be a name of 1 to ${MAX_NAME} characters, found ${JSON.stringify(instance)}.`,
  );
}

/** What a plan takes now, as a backup is asked for it. Plugins' sources come and go. */
export function sourceChoice({ sources }: Plan, registry: SourceRegistry): SourceChoice | undefined {
  if (sources === undefined || !isExcept(sources)) return sources;
  const { except } = sources;
  return registry
    .all()
    .map(({ id }) => id)
    .filter((id) => !except.includes(id));
}

/** A source may be called `except`: then what of it is chosen is no list. */
function isExcept(sources: PlanSources): sources is { readonly except: readonly string[] } {
  return !Array.isArray(sources) && "except" in sources && Array.isArray(sources.except);
}

function isList(verify: PlanVerifyOptions | readonly PlanVerifyOptions[]): verify is readonly PlanVerifyOptions[] {
  return Array.isArray(verify);
}

function zoneOf(schedule: ScheduleOption | undefined): string | undefined {
  return typeof schedule === "object" ? schedule.timeZone : undefined;
}

function urlOf(text: string, name: string): string {
  if (typeof text === "string" && /^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw invalid(name, `Expected ${name} to be a URL that begins with http:// or https://.`); // which may hold a token
}

function invalid(key: string, message: string): LifeboatError {
  return new LifeboatError({ code: "INVALID", operation: "options", key, message });
}
