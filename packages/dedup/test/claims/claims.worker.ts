import { serveTasks } from "@lifeboat/threads";
import { startClaims } from "./claims.handler.ts";

serveTasks(startClaims);
