import { serveTasks } from "@lifeboat/threads";
import { startUnpackHandler } from "./unpack-handler.ts";

serveTasks(startUnpackHandler);
