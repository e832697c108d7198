import { serveTasks } from "@lifeboat/threads";
import { startPackHandler } from "./pack-handler.ts";

serveTasks(startPackHandler);
