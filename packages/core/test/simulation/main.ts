// `npm run simulate -- --seeds 10000 --from 0 --format archive`, one process a processor.
import { parseArgs } from "node:util";
import { explainSeed, type SimulationSubject, simulateSeeds } from "@lifeboat/testkit";
import { archiveSubject } from "./archive-subject.ts";
import { broken, type Omission } from "./broken.ts";
import { dedupSubject } from "./dedup-subject.ts";
import { findBroken } from "./find.ts";

const SUBJECTS: Readonly<Record<string, SimulationSubject>> = { archive: archiveSubject, dedup: dedupSubject };

const { values } = parseArgs({
  options: {
    format: { type: "string", default: "archive" },
    /** What of the protocol is left out: `fences`, `marks`, `leases`, `index`. */
    without: { type: "string" },
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "0" },
    step: { type: "string", default: "1" },
    seed: { type: "string" },
    report: { type: "boolean", default: false },
  },
});

const whole = SUBJECTS[values.format];
if (whole === undefined) throw new Error(`There is no format ${values.format} to simulate.`);
const subject = values.without === undefined ? whole : broken(whole, values.without as Omission);

if (values.without !== undefined && values.seed === undefined) {
  const { first } = await findBroken(subject, ["whole"], { from: Number(values.from), seeds: Number(values.seeds) });
  console.log(
    first === undefined ? `${subject.name}: nothing is lost` : `seed ${first.seed}: ${first.violation?.message}`,
  );
} else if (values.seed !== undefined) console.log(await explainSeed(subject, Number(values.seed)));
else {
  const { failure, ...sums } = await simulateSeeds(subject, {
    from: Number(values.from),
    seeds: Number(values.seeds),
    step: Number(values.step),
  });
  const { user, system } = process.cpuUsage();
  if (values.report) process.send?.({ ...sums, cpuMs: (user + system) / 1000 });
  else console.log(JSON.stringify(sums));
  if (failure !== undefined) {
    console.log(await explainSeed(subject, failure.seed));
    process.exitCode = 1;
  }
}
