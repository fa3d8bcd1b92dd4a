import { eventsIn, type RunEvent } from "../../campaign/index.ts";
import { ConfigurationError } from "../../core/index.ts";
import { junit } from "../junit.ts";
import { LinesTaken, unreadIn } from "../page/lines-taken.ts";
import { type PageCode, pageDocument } from "../page/page-document.ts";
import { recordedRun } from "../page/recorded-run.ts";
import type { RunPage } from "../page/run-page.ts";
import { allureResults } from "./allure.ts";
import { annotationLines } from "./annotations.ts";
import { badgeJson, badgeSvg } from "./badge.ts";
import { codeQuality } from "./code-quality.ts";
import { markdownSummary } from "./markdown.ts";
import type { OutputForm } from "./output-form.ts";
import type { ResultFile, ResultRun } from "./result-run.ts";
import { sarif } from "./sarif.ts";

/** What results need besides the runs. */
interface ResultContext {
  /** Version of the program. */
  readonly hil: string;
  /** The page's code, read when a page is asked for. */
  readonly pageCode: () => PageCode;
  /** Room that the reader has left, in bytes: others have written before. Default: all of it. */
  readonly roomBytes?: number | undefined;
  /** The model's layer of a run's page, by the folder of its record. */
  readonly models?: ReadonlyMap<string, RunPage["model"]> | undefined;
}

/** GitHub takes so many bytes of a step's summary; of a longer one it takes none. */
export const STEP_SUMMARY_BYTES_MAX = 1_048_576;

/** One form of results that readers other than people's eyes take. */
export interface ResultFormat {
  readonly name: string;
  /** How its files begin: an existing one of another form is not replaced. */
  readonly form: OutputForm;
  /** Where it goes when nothing is said; below a folder where `isFolder` says so. */
  readonly file: string;
  readonly isFolder?: true;
  /** Appended to the file that this variable of the environment names, when nothing is said. */
  readonly variable?: string;
  readonly about: string;
  readonly source: string;
  write(runs: readonly ResultRun[], context: ResultContext): readonly ResultFile[];
  /** What is printed besides: a server reads it in the log. */
  lines?(runs: readonly ResultRun[]): readonly string[];
}

const whole = (text: string): readonly ResultFile[] => [{ name: "", text }];

/** Every form of results, in the order of help and documentation: `--write NAME[=FILE]`. */
export const RESULT_FORMATS: readonly ResultFormat[] = [
  {
    name: "junit",
    form: "junit",
    file: "junit.xml",
    about: "JUnit XML: GitLab, Jenkins and most others",
    source: "docs/record.md, JUnit",
    write: (runs) => whole(junitOf(runs)),
  },
  {
    name: "html",
    form: "html",
    file: "report.html",
    about: "the page that opens from disk",
    source: "docs/report.md",
    write: (runs, { hil, pageCode, models }) => {
      const pages = runs.map(({ told, path }) => recordedRun(told.folder, path, models?.get(path)));
      return whole(pageDocument(pages, pageCode(), hil));
    },
  },
  {
    name: "github",
    form: "markdown",
    file: "$GITHUB_STEP_SUMMARY",
    variable: "GITHUB_STEP_SUMMARY",
    about: "GitHub: the step's summary, and annotations in its log",
    source: "GitHub docs, Workflow commands for GitHub Actions",
    write: (runs, { roomBytes = STEP_SUMMARY_BYTES_MAX }) => whole(markdownSummary(runs, roomBytes)),
    lines: annotationLines,
  },
  {
    name: "markdown",
    form: "markdown",
    file: "hil-summary.md",
    about: "the same summary as a file: a merge request's comment, a wiki",
    source: "GitHub Flavored Markdown",
    write: (runs) => whole(markdownSummary(runs)),
  },
  {
    name: "gitlab",
    form: "json-list",
    file: "gl-code-quality-report.json",
    about: "GitLab: code quality report, new failures in a merge request",
    source: "GitLab docs, Code Quality, report format",
    write: (runs) => whole(codeQuality(runs)),
  },
  {
    name: "sarif",
    form: "sarif",
    file: "hil.sarif",
    about: "SARIF 2.1.0: code scanning, editors",
    source: "OASIS SARIF 2.1.0",
    write: (runs, { hil }) => whole(sarif(runs, hil)),
  },
  {
    name: "allure",
    form: "any",
    file: "allure-results",
    isFolder: true,
    about: "folder of results for Allure 2 and 3",
    source: "allure-js-commons 3.12, model.ts",
    write: (runs, { hil }) => allureResults(runs, hil),
  },
  {
    name: "badge",
    form: "badge",
    file: "hil-badge.json",
    about: "badge for shields.io's endpoint",
    source: "shields.io, Endpoint Badge",
    write: (runs) => whole(badgeJson(runs)),
  },
  {
    name: "badge-svg",
    form: "svg",
    file: "hil-badge.svg",
    about: "the badge as a drawing",
    source: "SVG 1.1",
    write: (runs) => whole(badgeSvg(runs)),
  },
];

/** Kinds of events that a JUnit file is made of: a record may be longer than memory. */
const JUNIT_KINDS: ReadonlySet<RunEvent["event"]> = new Set<RunEvent["event"]>([
  "run-started",
  "images-built",
  "reference",
  "verdict",
  "failure",
  "run-finished",
  "infra-retry",
  "cut-void",
]);

/** Those of a record, and its last one, which tells when a run that has no end ended. */
function junitEvents(path: string): readonly RunEvent[] {
  const taken = new LinesTaken();
  const events: RunEvent[] = [];
  let last: RunEvent | undefined;
  for (const event of eventsIn(path, (line) => (taken.isOver ? "over" : taken.take(line) !== undefined))) {
    if (event.event === "upload-progress") continue;
    const isKept = JUNIT_KINDS.has(event.event);
    last = isKept ? undefined : event;
    if (isKept) events.push(event);
  }
  return last === undefined ? events : [...events, last];
}

/** @throws ConfigurationError for events that this version cannot have written. */
function junitOf(runs: readonly ResultRun[]): string {
  let folder = "";
  try {
    const events = runs.map(({ told, path }) => {
      folder = told.folder;
      return junitEvents(path);
    });
    return junit(
      events,
      new Set(),
      runs.map(({ told }) => unreadIn(told)),
    );
  } catch (error) {
    const hint = "It was changed, or another version wrote it: --write html shows what can be read of it.";
    throw new ConfigurationError(`${folder}: its events cannot be read.`, hint, { cause: error });
  }
}
