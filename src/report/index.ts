export { ConsoleReport } from "./console.ts";
export { count, grouped, seconds } from "./format.ts";
export { junit, suiteNames } from "./junit.ts";
export { matrixTable } from "./matrix-table.ts";
export { failureText, verdictText } from "./summary.ts";
export { exchangeTraceLine, traceLine } from "./trace.ts";
