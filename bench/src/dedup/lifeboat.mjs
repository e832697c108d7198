// One operation of Lifeboat in a process of its own, as a host would do it: an encrypted dedup
// site in a local directory. Places come in the environment, as for every tool.
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createBackupEngine, dedup, directory, localStorage, passphrase } from "lifeboat";

const { CORPUS, SITE, OUT, ONE, REPORT, CHUNKS } = process.env;
const [operation] = process.argv.slice(2);
if (operation === "idle") process.exit(0);

const engine = createBackupEngine({
  app: { name: "bench", version: "1.0.0" },
  sources: [directory("corpus", { path: CORPUS })],
  sites: {
    site: {
      storage: localStorage({ path: SITE }),
      format: dedup(CHUNKS === undefined ? {} : { chunks: JSON.parse(CHUNKS) }),
      key: passphrase("bench"),
    },
  },
});

const backups = () => engine.backups.list({ site: "site" });

async function restore(select) {
  const [{ id }] = await backups();
  const plan = await engine.planRestore({ site: "site", id, to: { corpus: OUT }, select });
  await engine.restore(plan, { confirm: plan.token });
}

function expectNone(problems) {
  if (problems.length > 0) throw new Error(`There are problems: ${JSON.stringify(problems.slice(0, 3))}`);
}

const operations = {
  async backup() {
    const { problems } = await engine.backup({ site: "site" });
    expectNone(problems);
  },
  restore: () => restore(undefined),
  one: () => restore({ corpus: [ONE] }),
  async verify() {
    expectNone((await engine.verify({ site: "site" })).problems);
  },
  /** Deletes the older half, and makes room. */
  async prune() {
    const all = await backups();
    for (const { id } of all.slice(all.length >> 1)) await engine.backups.delete({ site: "site", id });
    await engine.prune({ site: "site" });
  },
};

/** Runs an operation while watching how long the event loop is held up. */
async function watched(run) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await run();
  delay.disable();
  const ms = (ns) => ns / 1e6;
  return { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
}

watched(operations[operation]).then(
  (delay) => writeFileSync(REPORT, JSON.stringify({ delay })),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
