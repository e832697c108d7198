import { serveTasks } from "@lifeboat/threads";
import { serveCompare } from "./serve.ts";

serveTasks(serveCompare);
