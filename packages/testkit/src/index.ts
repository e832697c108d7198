export { type FaultyStorage, type FaultyStorageOptions, faultyStorage } from "./lib/faults/faulty.ts";
export type { CallName, RecordedCall } from "./lib/faults/line.ts";
export {
  type Fault,
  type FaultMoment,
  type PlannedFault,
  printPlan,
  type RandomPlanOptions,
  randomPlan,
} from "./lib/faults/plan.ts";
export type { FormatSuiteOptions } from "./lib/format/options.ts";
export { formatSuite } from "./lib/format/suite.ts";
export { all, bytesOf, read } from "./lib/helpers.ts";
export { type CampaignOptions, type CampaignReport, explainSeed, simulateSeeds } from "./lib/simulator/campaign.ts";
export type { Violation } from "./lib/simulator/observer.ts";
export type { HeldObject } from "./lib/simulator/server.ts";
export { type Shrunk, shrink } from "./lib/simulator/shrink.ts";
export { type SimulateOptions, type SimulationOutcome, simulate } from "./lib/simulator/simulate.ts";
export type { Inspector, SimulatedEngine, SimulatedHost, SimulationSubject } from "./lib/simulator/subject.ts";
export {
  type VirtualHost,
  type VirtualSite,
  type VirtualTime,
  type VirtualTimeOptions,
  virtualTime,
} from "./lib/simulator/virtual-time.ts";
export type { Climate } from "./lib/simulator/weather.ts";
export type { SourceSuiteOptions, SourceUnderTest } from "./lib/source/options.ts";
export { sourceSuite } from "./lib/source/suite.ts";
export type { StorageSuiteOptions, StorageUnderTest } from "./lib/storage/options.ts";
export { storageSuite } from "./lib/storage/suite.ts";
export { type CompareTreesOptions, compareTrees, type TreeDifference } from "./lib/tree/compare.ts";
export { type HardTree, type HardTreeOptions, hardTree } from "./lib/tree/hard-tree.ts";
