// `npm run year -- --seed 7 --years 3`: a nightly plan through a year of bad weather, in virtual time, as a calendar.
import { parseArgs } from "node:util";
import { printYear } from "./calendar.ts";
import { liveAYear } from "./year.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    /** So many years, each by the next seed; only the first is printed, and those that something is wrong with. */
    years: { type: "string", default: "1" },
    days: { type: "string", default: "365" },
    zone: { type: "string", default: "Europe/Berlin" },
    from: { type: "string", default: "2026-01-01" },
  },
});

for (let n = 0; n < Number(values.years); n++) {
  const seed = Number(values.seed) + n;
  const began = performance.now();
  const beginning = new Date(`${values.from}T12:00:00Z`);
  const year = await liveAYear({ seed, beginning, days: Number(values.days), timeZone: values.zone });
  const seconds = (performance.now() - began) / 1000;
  console.log(`${values.days} days from ${values.from}, seed ${seed}: ${year.steps} events in ${seconds.toFixed(1)} s`);
  if (n === 0 || year.wrong.length > 0) console.log(printYear(year));
  if (year.wrong.length > 0) process.exitCode = 1;
}
