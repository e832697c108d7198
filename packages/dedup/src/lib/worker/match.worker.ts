import { serveTasks } from "@lifeboat/threads";
import { startMatchHandler } from "./match.ts";

serveTasks(startMatchHandler);
