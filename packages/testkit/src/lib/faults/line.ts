import { setTimeout as pause } from "node:timers/promises";
import { LifeboatError, orAbort } from "@lifeboat/contracts";
import { type Fault, type FaultMoment, type PlannedFault, printPlan } from "./plan.ts";

/** A call of a storage; `….piece` and `list.item` are single steps of one, counted where that is asked for. */
export type CallName =
  | "put"
  | "put.piece"
  | "get"
  | "get.piece"
  | "stat"
  | "list"
  | "list.item"
  | "delete"
  | "copy"
  | "space";

/** One call, as it was recorded. */
export interface RecordedCall {
  /** Counted from 0. */
  readonly index: number;
  readonly name: CallName;
  /** The key, the prefix of a listing, or the first of several keys. */
  readonly key?: string;
}

/** Counts and records calls, and lets the planned faults happen. */
export class FaultLine {
  readonly calls: RecordedCall[] = [];
  readonly #plan: readonly PlannedFault[];
  #death: RecordedCall | null = null;

  constructor(plan: readonly PlannedFault[]) {
    this.#plan = plan;
  }

  get crashed(): boolean {
    return this.#death !== null;
  }

  /** Records a call and lets happen what strikes before it; answers its fault, if it has one. */
  async enter(name: CallName, key: string | undefined, signal?: AbortSignal): Promise<Fault | undefined> {
    this.assertAlive(name, key);
    const call = { index: this.calls.length, name, ...(key === undefined ? {} : { key }) };
    this.calls.push(call);
    const fault = this.#plan.find((planned) => planned.call === call.index);
    if (fault?.kind === "delay") await pause(fault.ms, undefined, { signal });
    await this.#strike(call, fault, "before", signal);
    return fault;
  }

  /** Lets happen what strikes after a call took effect. */
  async leave(
    name: CallName,
    key: string | undefined,
    fault: Fault | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.assertAlive(name, key);
    const index = this.#plan.find((planned) => planned === fault)?.call ?? -1;
    await this.#strike({ index, name, ...(key === undefined ? {} : { key }) }, fault, "after", signal);
  }

  /** @throws UNREACHABLE where the simulated process has died */
  assertAlive(name: CallName, key: string | undefined): void {
    if (this.#death === null) return;
    throw this.#error(name, key, false, `the process died at call ${this.#death.index} (${this.#death.name})`);
  }

  async #strike(
    call: RecordedCall,
    fault: Fault | undefined,
    moment: FaultMoment,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (fault?.kind !== "fail" && fault?.kind !== "crash" && fault?.kind !== "hang") return;
    if ((fault.when ?? "before") !== moment) return;
    if (fault.kind === "hang") return await orAbort(new Promise<never>(() => undefined), signal);
    if (fault.kind === "crash") {
      this.#death = call;
      this.assertAlive(call.name, call.key);
    }
    const { error: code, retryable = code === undefined } = fault.kind === "fail" ? fault : { retryable: false };
    throw this.#error(call.name, call.key, retryable, `call ${call.index} fails ${moment} it takes effect`, code);
  }

  #error(name: CallName, key: string | undefined, retryable: boolean, what: string, code?: LifeboatError["code"]) {
    return new LifeboatError({
      code: code ?? "UNREACHABLE",
      operation: `storage.${name.split(".")[0]}`,
      key,
      retryable,
      message: `An injected fault: ${what}; plan ${printPlan(this.#plan)}.`,
    });
  }
}
