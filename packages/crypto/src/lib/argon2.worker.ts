import { serveTasks } from "@lifeboat/threads";
import { argon2Wasm } from "./argon2-wasm.ts";

serveTasks(() => argon2Wasm);
