export { ConsoleReport } from "./console.ts";
export { count, grouped, seconds } from "./format.ts";
export { junit, suiteNames } from "./junit.ts";
export { type PageCode, pageDocument } from "./page/page-document.ts";
export { recordedRun } from "./page/recorded-run.ts";
export { failureText, verdictText } from "./summary.ts";
export { exchangeTraceLine, traceLine } from "./trace.ts";
