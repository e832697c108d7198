import { serveTasks } from "@lifeboat/threads";
import { serveWalk } from "./serve.ts";

serveTasks(serveWalk);
