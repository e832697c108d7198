import { type Dice, dice } from "./random.ts";

/** A call at which something is likelier to go wrong. */
export interface Aim {
  readonly operation: Operation;
  /** What the key, or the prefix of a listing, begins or ends with. */
  readonly part: string;
  readonly probability: number;
  readonly trouble: "sleep" | "sleep-after" | "crash" | "late" | "twice" | "lost" | "slow";
}

/** The calls of a storage. */
export type Operation = "put" | "get" | "stat" | "list" | "delete";

/**
 * How likely what is, in one seed. Each seed has its own weather: where everything
 * goes wrong at once, nothing gets far enough to be interesting.
 */
export interface Weather {
  /** What a call usually takes, in milliseconds. */
  readonly latency: number;
  readonly slow: number;
  /** Refused before it took effect. */
  readonly refused: number;
  /** Took effect, and nobody was told. */
  readonly lost: number;
  /** Nobody was told, and it takes effect later, when its caller has long given it up. */
  readonly late: number;
  /** Takes effect, and once more later. */
  readonly twice: number;
  readonly crash: number;
  readonly sleep: number;
  /** The longest sleep and the longest delay, in milliseconds. */
  readonly longest: number;
  /** Listings come in pages of so many keys. */
  readonly page: number;
  readonly aims: readonly Aim[];
  /** The most that clocks are off, in milliseconds. */
  readonly skew: number;
  /** The storage's own clock: how far two of its answers disagree. */
  readonly serverSkew: number;
  /** Whether a host's monotonic clock stands still while it sleeps. */
  readonly stops: boolean;
  readonly conditionalPut: boolean;
  /** How long the storage is full, as a share of the time. */
  readonly full: number;
  /** The longest pause between two actions. */
  readonly pause: number;
  /** Whether hosts meet: after a first backup of each, all that they do is in each other's way. */
  readonly hurry: boolean;
}

/** The longest pause of hosts in a hurry. */
const HASTE = 60_000;
const YEAR = 365 * 86_400_000;
/** The likelier ones are those that change something. */
const OPERATIONS: readonly Operation[] = ["put", "put", "put", "delete", "delete", "list", "list", "get", "stat"];
const TROUBLES = ["sleep", "sleep-after", "crash", "late", "twice", "lost", "slow"] as const;

/** What may be expected of the storage: hosts rely on more of it in some formats than in others. */
export interface Climate {
  /** Parts of keys that are worth aiming at: `manifest.json`, `locks/`. */
  readonly places: readonly string[];
  /**
   * Troubles and the calls that they are aimed at, such as `slow put manifest.json` or `sleep list packs/`: by how the
   * key begins or ends. Little else goes wrong then, and hosts are in a hurry, so that they meet. Default: none; seeds
   * aim anywhere.
   */
  readonly focus?: readonly string[];
  /** Whether the storage's clock may disagree with itself. Default: `true`. */
  readonly wildClocks?: boolean;
  /** Whether puts and deletions may take effect after their callers have given them up. Default: `true`. */
  readonly ghosts?: boolean;
}

/** Nothing goes wrong. */
export const CLEAR: Weather = {
  latency: 10,
  slow: 0,
  refused: 0,
  lost: 0,
  late: 0,
  twice: 0,
  crash: 0,
  sleep: 0,
  longest: 1000,
  page: 1000,
  aims: [],
  skew: 0,
  serverSkew: 0,
  stops: false,
  conditionalPut: true,
  full: 0,
  pause: 1000,
  hurry: false,
};

/** The weather of a seed. */
export function weatherOf(seed: number, climate: Climate): Weather {
  const { wildClocks = true, ghosts = true, focus } = climate;
  const random = dice(seed, "weather");
  if (focus !== undefined) return focused(random, focus, wildClocks);
  const maybe = (share: number, from: number, to: number) =>
    random.chance(share) ? random.span(from * 1e6, to * 1e6) / 1e6 : 0;
  const sometimes = (from: number, to: number) => maybe(0.4, from, to);
  return {
    latency: random.span(1, 500),
    slow: sometimes(0.005, 0.1),
    refused: sometimes(0.003, 0.03),
    lost: sometimes(0.003, 0.03),
    late: ghosts ? sometimes(0.003, 0.03) : 0,
    twice: ghosts ? sometimes(0.003, 0.05) : 0,
    crash: sometimes(0.001, 0.01),
    sleep: sometimes(0.001, 0.02),
    longest: random.chance(0.5) ? random.span(150_000, YEAR) : 600_000,
    page: random.chance(0.2) ? 1 + random.below(4) : 1000,
    aims: random.chance(0.7) ? aims(random, climate.places, ghosts) : [],
    skew: random.chance(0.5) ? 3_600_000 : 0,
    serverSkew: wildClocks && random.chance(0.3) ? random.span(10, 3_600_000) : 0,
    stops: random.chance(0.5),
    conditionalPut: random.chance(0.7),
    full: maybe(0.1, 0.02, 0.3),
    pause: random.span(100, 7 * 86_400_000),
    hurry: false,
  };
}

/** Trouble at some calls, and hardly any elsewhere. */
function focused(random: Dice, focus: readonly string[], wildClocks: boolean): Weather {
  const aim = (): Aim => {
    const [trouble, operation, part = ""] = random.pick(focus)?.split(" ") ?? [];
    const probability = random.span(100, 800) / 1000;
    return {
      probability: trouble === "crash" ? probability / 3 : probability,
      operation: OPERATIONS.find((each) => each === operation) ?? "put",
      part,
      trouble: TROUBLES.find((each) => each === trouble) ?? "slow",
    };
  };
  const rarely = () => (random.chance(0.15) ? random.span(3000, 20_000) / 1e6 : 0);
  return {
    ...CLEAR,
    latency: random.span(1, 200),
    slow: rarely(),
    lost: rarely(),
    late: rarely(),
    twice: rarely(),
    crash: rarely(),
    sleep: rarely(),
    longest: random.span(30_000, 3_600_000),
    aims: Array.from({ length: 1 + random.below(3) }, aim),
    // Enough for a live lease to look lapsed now and then.
    serverSkew: wildClocks && random.chance(0.5) ? random.span(70_000, 200_000) : 0,
    stops: random.chance(0.5),
    conditionalPut: random.chance(0.8),
    pause: random.span(100, HASTE),
    hurry: true,
  };
}

function aims(random: Dice, places: readonly string[], ghosts: boolean): Aim[] {
  return Array.from({ length: 1 + random.below(2) }, () => {
    const trouble = random.pick(TROUBLES) ?? "sleep";
    const probability = random.span(20, 300) / 1000;
    return {
      probability: trouble === "crash" ? probability / 3 : probability,
      operation: random.pick(OPERATIONS) ?? "put",
      part: random.pick(places) ?? "",
      trouble: !ghosts && (trouble === "late" || trouble === "twice") ? "sleep" : trouble,
    };
  });
}
