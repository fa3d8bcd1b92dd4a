export { ConsoleReport } from "./console.ts";
export { count, grouped, quantile, seconds } from "./format.ts";
export {
  type Case,
  type Comparison,
  causesOf,
  changesOf,
  compareRuns,
  type NightChanges,
  type Question,
  questionsOf,
} from "./history/changes.ts";
export { labPage } from "./history/lab-page.ts";
export { type RunsFound, runsIn } from "./history/run-index.ts";
export { type RunLine } from "./history/run-line.ts";
export { junit, suiteNames } from "./junit.ts";
export { LiveRun } from "./live/live-run.ts";
export { LastPages, LiveWatcher } from "./live/live-watcher.ts";
export { matrixTable } from "./matrix-table.ts";
export { histogramOf } from "./page/histogram.ts";
export { type LabPage, type SharedCause } from "./page/lab-data.ts";
export { markup } from "./page/markup.ts";
export {
  deskDocument,
  labDocument,
  livePageDocument,
  PAGE_MARK,
  type PageCode,
  pageDocument,
  plotDocument,
} from "./page/page-document.ts";
export { type PlotPage } from "./page/plot-data.ts";
export { plotSvg } from "./page/plot-svg.ts";
export { recordedRun, toldRun } from "./page/recorded-run.ts";
export { type ModelLayer, type RunPage } from "./page/run-page.ts";
export { RESULT_FORMATS, type ResultFormat, STEP_SUMMARY_BYTES_MAX } from "./results/formats.ts";
export { mailText, type Notice, noticeBody, noticeOf } from "./results/notice.ts";
export { FORM_BYTES, mayReplace, OUTPUT_FORMS, type OutputForm } from "./results/output-form.ts";
export { type ResultRun, unsettledOf } from "./results/result-run.ts";
export { failureText, verdictText } from "./summary.ts";
export { exchangeTraceLine, traceLine } from "./trace.ts";
