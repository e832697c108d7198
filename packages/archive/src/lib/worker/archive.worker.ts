import { serveTasks } from "@lifeboat/threads";
import { startHandler } from "./handler.ts";

serveTasks(startHandler);
