export { type Telemetry, type TelemetryOptions, telemetry } from "./lib/telemetry.ts";
