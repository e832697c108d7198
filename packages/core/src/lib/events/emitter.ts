import { type Clock, isLifeboatError } from "@lifeboat/contracts";
import { messageOf } from "../errors.ts";
import type { EngineEvent, EngineListener, FailureInfo } from "./engine-events.ts";
import { withoutSecrets } from "./redact.ts";

/** An event that has yet to get its time. */
export type Untimed<Event> = Event extends EngineEvent ? Omit<Event, "time"> : never;

/** Tells the engine's listener of something. */
export type Emit = (event: Untimed<EngineEvent>) => void;

/** Makes an emitter that adds the time. What the listener throws becomes one warning of the process. */
export function createEmitter(listener: EngineListener | undefined, clock: Clock): Emit {
  if (listener === undefined) return () => {};
  let warned = false;
  return (event) => {
    try {
      listener({ ...event, time: new Date(clock.now()) });
    } catch (error) {
      if (warned) return;
      warned = true;
      const message = `The listener of the backup engine's events threw: ${withoutSecrets(messageOf(error))}`;
      process.emitWarning(message, { type: "LifeboatWarning" });
    }
  };
}

/** What is told of an error. */
export function failureInfo(error: unknown): FailureInfo {
  const message = withoutSecrets(messageOf(error));
  if (!isLifeboatError(error)) return { code: "UNKNOWN", message };
  const { code, reason, hint } = error;
  return {
    code,
    ...(reason === undefined ? {} : { reason }),
    message,
    ...(hint === undefined ? {} : { hint: withoutSecrets(hint) }),
  };
}
