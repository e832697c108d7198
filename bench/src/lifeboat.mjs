// One operation of Lifeboat in a process of its own, as a host would do it: an encrypted
// archive site in a local directory. Places come in the environment, as for every tool.
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createBackupEngine, directory, localStorage, passphrase } from "lifeboat";

const { CORPUS, SITE, OUT, REPORT } = process.env;

const engine = createBackupEngine({
  app: { name: "bench", version: "1.0.0" },
  sources: [directory("corpus", { path: CORPUS })],
  sites: { site: { storage: localStorage({ path: SITE }), key: passphrase("bench") } },
});

async function newest() {
  const [backup] = await engine.backups.list({ site: "site" });
  return backup.id;
}

const operations = {
  async backup() {
    const { problems } = await engine.backup({ site: "site" });
    if (problems.length > 0) throw new Error(`The backup has problems: ${JSON.stringify(problems.slice(0, 3))}`);
  },
  async verify() {
    const { problems } = await engine.verify({ site: "site", id: await newest(), level: "content" });
    if (problems.length > 0) throw new Error(`The backup does not verify: ${JSON.stringify(problems.slice(0, 3))}`);
  },
  async restore() {
    const plan = await engine.planRestore({ site: "site", id: await newest(), to: { corpus: OUT } });
    await engine.restore(plan, { confirm: plan.token });
  },
};

/** Runs an operation while watching how long the event loop is held up. */
async function watched(operation) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await operation();
  delay.disable();
  const ms = (ns) => ns / 1e6;
  return { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
}

watched(operations[process.argv[2]]).then(
  (delay) => writeFileSync(REPORT, JSON.stringify({ delay })),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
