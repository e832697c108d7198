import type { JobIdentity, JobTeller, TellJob } from "./job-events.ts";

/** Tells of one job only once somebody says that it is worth telling of. */
export interface LateTeller {
  readonly tell: TellJob;
  /** Tells what there was to tell, and from now on what there is; `false` where it does already. */
  show(): boolean;
}

/** Makes a teller that keeps everything to itself until it is told to show it. A job says little until then. */
export function tellLater(tell: TellJob): LateTeller {
  const kept: ((to: JobTeller) => void)[] = [];
  let about: JobIdentity | undefined;
  let teller: JobTeller | undefined;

  function say(what: (to: JobTeller) => void): void {
    if (teller === undefined) kept.push(what);
    else what(teller);
  }

  return {
    tell(job) {
      about = job;
      return { event: (event) => say((to) => to.event(event)), ended: (end) => say((to) => to.ended(end)) };
    },
    show() {
      if (teller !== undefined || about === undefined) return false;
      teller = tell(about);
      for (const what of kept.splice(0)) what(teller);
      return true;
    },
  };
}
