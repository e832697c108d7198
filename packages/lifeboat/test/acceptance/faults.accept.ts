import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runMatrix } from "./faults/run.ts";
import { startServers } from "./faults/servers.ts";
import { printed } from "./faults/table.ts";
import { doings, makeTree } from "./faults/works.ts";
import { temporaryFolder } from "./support/folder.ts";

/** `LIFEBOAT_FAULTS="outage.*rclone"` runs some cells of the matrix alone. */
const ONLY = new RegExp(process.env.LIFEBOAT_FAULTS ?? "");

it("comes through every fault of every server whole, or says in time what is wrong, and leaves nothing behind", async () => {
  using folder = temporaryFolder();
  const [tree, scratch] = [join(folder.path, "tree"), join(folder.path, "scratch")];
  mkdirSync(scratch);
  await makeTree(tree);
  await using servers = await startServers();
  const begun = performance.now();
  const cells = await runMatrix(servers, doings(tree, scratch), ONLY);
  const tried = cells.filter(({ reason }) => reason === undefined).length;
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${printed(cells)}\n${tried} cells in ${seconds} s`);
  expect(cells.flatMap(({ wrong }) => wrong)).toEqual([]);
});
