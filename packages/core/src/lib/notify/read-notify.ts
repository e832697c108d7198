import { LifeboatError } from "@lifeboat/contracts";
import { parseDuration } from "../plans/duration.ts";
import type { NotifyRules } from "./debounce.ts";
import type { Deliverer, NotifyOptions } from "./notify-types.ts";

/** Who is told, and how often, read and checked. */
export interface ReadNotify {
  readonly to: readonly Deliverer[];
  readonly rules: NotifyRules;
}

/**
 * Reads who is told; `null` where nobody is.
 *
 * @throws INVALID
 */
export function readNotify(notify: readonly Deliverer[] | NotifyOptions | undefined): ReadNotify | null {
  if (notify === undefined) return null;
  const { to, remindAfter = "24h", awayFor = "15m" }: NotifyOptions = isList(notify) ? { to: notify } : notify;
  if (!Array.isArray(to) || !to.every((deliverer) => typeof deliverer === "function")) throw noDeliverers();
  const remindAfterMs = remindAfter === false ? null : parseDuration(remindAfter, "notify.remindAfter");
  const rules = { remindAfterMs, awayForMs: parseDuration(awayFor, "notify.awayFor") };
  return to.length === 0 ? null : { to, rules };
}

function isList(notify: readonly Deliverer[] | NotifyOptions): notify is readonly Deliverer[] {
  return Array.isArray(notify);
}

function noDeliverers(): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "options",
    key: "notify",
    message: "Expected notify to be a list of functions that bring notifications to somebody.",
    hint: "Give it webhook({ url, secret }), or a function of your own.",
  });
}
