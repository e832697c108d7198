import { isLifeboatError } from "@lifeboat/contracts";
import { simulatedStorage } from "./client.ts";
import { drawFate, quiet } from "./fate.ts";
import { type Host, startHost } from "./host.ts";
import type { Observer } from "./observer.ts";
import type { Action, Program } from "./program.ts";
import { type Dice, dice } from "./random.ts";
import type { Server } from "./server.ts";
import type { Inspector, SimulatedEngine, SimulationSubject } from "./subject.ts";
import { type ChangingTree, difference, type RunRecord, type SimulatedSource, simulatedSource } from "./tree.ts";
import type { Weather } from "./weather.ts";
import type { World } from "./world.ts";

/** What all hosts of a simulation share. */
export interface Stage {
  readonly seed: number;
  readonly world: World;
  readonly server: Server;
  readonly weather: Weather;
  readonly subject: SimulationSubject;
  readonly inspector: Inspector;
  readonly observer: Observer;
  readonly records: Map<number, RunRecord>;
  /** What is left out: actions, and single troubles of one, by name. */
  readonly without: ReadonlySet<string>;
  /** Told of each trouble that strikes, by its name. */
  readonly struck: (name: string) => void;
}

/** Failures that are nobody's fault but the weather's or another host's. */
const EXPECTED = ["LOCKED", "UNREACHABLE", "NO_SPACE", "NOT_FOUND", "ALREADY_EXISTS", "CONFLICT"] as const;
const REBOOT_MS = 60_000;

/** A host through all of its lives. */
export class Crew {
  readonly #stage: Stage;
  readonly #program: Program;
  readonly #tree: ChangingTree;
  readonly #source: SimulatedSource;
  #host: Host;
  #engine: SimulatedEngine;
  #fates: Dice;
  readonly #made = new Set<string>();
  #action = "";
  #troubles = 0;
  /** The leases of this life. */
  #leases: string[] = [];

  constructor(stage: Stage, program: Program, tree: ChangingTree) {
    this.#stage = stage;
    this.#program = program;
    this.#tree = tree;
    this.#source = simulatedSource(program.source, { run: 0, host: program.name, files: tree.files });
    this.#fates = dice(stage.seed, `${program.name} begins`);
    [this.#host, this.#engine] = this.#start();
  }

  #start(): [Host, SimulatedEngine] {
    const { world, server, weather, subject, without } = this.#stage;
    const host = startHost(world, { ...this.#program, stops: weather.stops });
    const storage = simulatedStorage({
      world,
      server,
      host,
      page: weather.page,
      conditionalPut: weather.conditionalPut,
      random: dice(this.#stage.seed, `${this.#program.name} lists`),
      called: ({ operation, key }) => {
        if (operation === "put" && key.startsWith("locks/")) this.#leases.push(key.slice(6, -5));
      },
      fate: (call) => {
        const fate = drawFate(this.#fates, weather, call);
        if (fate.words === "") return fate;
        const name = `${this.#action}!${this.#troubles++}`;
        if (without.has(name)) return quiet(this.#fates, weather);
        this.#stage.struck(name);
        return fate;
      },
    });
    this.#leases = [];
    return [host, subject.open({ name: host.name, storage, clock: host.clock, source: this.#source })];
  }

  /** Does all that the program says, whatever becomes of it. */
  async live(): Promise<void> {
    for (const action of this.#program.actions) {
      if (this.#stage.without.has(action.name)) continue;
      this.#action = action.name;
      this.#troubles = 0;
      this.#fates = dice(this.#stage.seed, action.name);
      await this.#host.clock.sleep(action.pause);
      await this.perform(action);
    }
  }

  /** Does one thing; starts anew where it was its death. */
  async perform(action: Action): Promise<boolean> {
    const { world, observer, subject } = this.#stage;
    world.note(() => `${action.name}: ${action.kind}`);
    const ended = this.#attempt(action).then(
      () => "done" as const,
      (error: unknown) => ({ error }),
    );
    const outcome = await Promise.race([ended, this.#host.death.then(() => "died" as const)]);
    if (outcome === "done") {
      world.note(() => `${action.name}: done`);
      return true;
    }
    if (outcome === "died") {
      if (this.#fates.chance(0.5)) subject.presumeDead?.(this.#leases);
      await new Promise<void>((resolve) => void world.wakeAt(world.now + REBOOT_MS, resolve));
      [this.#host, this.#engine] = this.#start();
      return false;
    }
    const { error } = outcome;
    world.note(() => `${action.name}: ${String(error)}`);
    if (!EXPECTED.some((code) => isLifeboatError(error, code))) {
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      observer.object("sound", `${action.name} (${action.kind}) failed as nothing explains: ${words}`);
    }
    return false;
  }

  async #attempt(action: Action): Promise<void> {
    const engine = this.#engine;
    if (action.kind === "backup") await this.#backup(action);
    else if (action.kind === "list") await this.list();
    else if (action.kind === "prune")
      await engine.prune?.(action.pause === 0 ? 0 : dice(this.#stage.seed, `${action.name} how`).below(1000));
    else if (action.kind === "repair") await engine.repair?.();
    else {
      const id = dice(this.#stage.seed, `${action.name} of`).pick(this.#choose(action, await this.list()));
      if (id === undefined) return;
      if (action.kind === "delete") await this.#delete(id);
      else if (action.kind === "verify") await this.#verify(id);
      else await this.restore(id);
    }
  }

  /** In a hurry a host deletes its own: then there is something to prune. */
  #choose({ kind }: Action, listed: readonly string[]): readonly string[] {
    return kind === "delete" && this.#stage.weather.hurry ? listed.filter((id) => this.#made.has(id)) : listed;
  }

  async #backup({ name }: Action): Promise<void> {
    const { seed, observer, records, world } = this.#stage;
    this.#tree.change(dice(seed, `${name} files`), world.now);
    const record = { run: records.size + 1, host: this.#program.name, files: this.#tree.files };
    records.set(record.run, record);
    this.#source.current = record;
    const id = await this.#engine.backup();
    world.note(() => `${name}: made ${id}`);
    this.#made.add(id);
    observer.succeeded(id, record);
  }

  /** What is listed, which from then on counts as believed. */
  async list(): Promise<readonly string[]> {
    const ids = await this.#engine.list();
    this.#stage.observer.listed(ids);
    return ids;
  }

  async #delete(id: string): Promise<void> {
    this.#stage.observer.deleting(id);
    await this.#engine.delete(id);
  }

  async #verify(id: string): Promise<void> {
    const { observer } = this.#stage;
    const problems = await this.#engine.verify(id);
    if (problems.length > 0 && !observer.isDeleted(id)) {
      observer.object("restorable", `verifying ${id} found: ${problems.join(" ")}`);
    }
  }

  /** Restores a backup, and holds it against what its run had. */
  async restore(id: string, record?: RunRecord): Promise<void> {
    const { observer } = this.#stage;
    try {
      await this.#engine.restore(id);
    } catch (error) {
      const weather = ["UNREACHABLE", "LOCKED"] as const;
      if (observer.isDeleted(id) && isLifeboatError(error)) return; // what goes may fail in any way
      if (weather.some((code) => isLifeboatError(error, code))) throw error;
      observer.object("restorable", `${id} can't be restored: ${String(error)}`);
      return;
    }
    const wanted = record ?? observer.owed().get(id);
    const wrong = wanted === undefined ? null : difference(this.#source.restored, wanted.files);
    if (wrong !== null && !observer.isDeleted(id)) observer.object("restorable", `${id} comes back wrong: ${wrong}`);
  }
}
