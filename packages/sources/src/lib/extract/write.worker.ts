import { serveTasks } from "@lifeboat/threads";
import { serveWriter } from "./serve.ts";

serveTasks(serveWriter);
