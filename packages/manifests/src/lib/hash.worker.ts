import { serveTasks } from "@lifeboat/threads";
import { hashing } from "./hashing.ts";

serveTasks(hashing);
