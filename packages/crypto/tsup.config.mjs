import { library } from "../../scripts/tsup.mjs";

export default library({ index: "src/index.ts", sealing: "src/sealing.ts", portable: "src/portable.ts" });
