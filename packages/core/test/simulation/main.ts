// `npm run simulate -- --seeds 10000 --from 0 --format archive`, one process a processor.
import { parseArgs } from "node:util";
import { explainSeed, type SimulationSubject, simulateSeeds } from "@lifeboat/testkit";
import { archiveSubject } from "./archive-subject.ts";
import { broken, OMISSIONS } from "./broken.ts";
import { dedupSubject } from "./dedup-subject.ts";
import { DATA, findBroken } from "./find.ts";
import { ORDERS } from "./orders/orders.ts";
import { aimedAt, turnedAround } from "./orders/subject.ts";

const SUBJECTS: Readonly<Record<string, SimulationSubject>> = { archive: archiveSubject, dedup: dedupSubject };

const { values } = parseArgs({
  options: {
    format: { type: "string", default: "archive" },
    /** What of the protocol is left out: `fences`, `marks`, `leases`, `index`. */
    without: { type: "string" },
    /** Which order is turned around, by the beginning of its name: `P4 before P5`. */
    turned: { type: "string" },
    /** Which order the weather aims at, in its right order. */
    aimed: { type: "string" },
    seeds: { type: "string", default: "1000" },
    /** No seed is begun after so many seconds. */
    seconds: { type: "string" },
    from: { type: "string", default: "0" },
    step: { type: "string", default: "1" },
    seed: { type: "string" },
    report: { type: "boolean", default: false },
  },
});

/** Which of some things is meant, by the beginning of its name. */
function choose<T>(things: readonly T[], name: string, nameOf: (thing: T) => string): T {
  const found = things.find((thing) => nameOf(thing).startsWith(name));
  if (found !== undefined) return found;
  throw new Error(`There is no "${name}"; there are:\n${things.map(nameOf).join("\n")}`);
}

function subjectOf({ format, without, turned, aimed }: typeof values): SimulationSubject {
  const whole = SUBJECTS[choose(Object.keys(SUBJECTS), format, (name) => name)] ?? archiveSubject;
  const order = (name: string) => choose(ORDERS, name, (each) => each.name);
  if (without !== undefined)
    return broken(
      whole,
      choose(OMISSIONS, without, (name) => name),
    );
  if (turned !== undefined) return turnedAround(whole, order(turned));
  return aimed === undefined ? whole : aimedAt(whole, order(aimed));
}

const subject = subjectOf(values);
const end = performance.now() + Number(values.seconds ?? Number.POSITIVE_INFINITY) * 1000;
const some = {
  from: Number(values.from),
  seeds: Number(values.seeds),
  step: Number(values.step),
  until: () => performance.now() > end,
};

if (values.seed !== undefined) console.log(await explainSeed(subject, Number(values.seed)));
else if (values.without !== undefined || values.turned !== undefined) {
  const { seeds, broken: found, first } = await findBroken(subject, DATA, some);
  if (values.report) process.send?.({ seeds, ...found });
  if (first !== undefined) console.log(`${subject.name}, seed ${first.seed}: ${first.violation?.message}`);
} else {
  const { failure, ...sums } = await simulateSeeds(subject, some);
  const { user, system } = process.cpuUsage();
  if (values.report) process.send?.({ ...sums, cpuMs: (user + system) / 1000 });
  else console.log(JSON.stringify(sums));
  if (failure !== undefined) {
    console.log(await explainSeed(subject, failure.seed));
    process.exitCode = 1;
  }
}
