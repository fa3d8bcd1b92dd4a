import { digestOf, endsOf, type ResultRun, shortened, textIn, titleOf } from "./result-run.ts";
import { scenarioPath } from "./sarif.ts";

/** A report may have so many: GitLab reads it into a merge request's page. */
const ISSUES_MAX = 5_000;
const DESCRIPTION_CHARS = 500;

interface Told {
  readonly rule: string;
  readonly name: string;
  readonly text: string;
  readonly severity: "major" | "critical";
}

/**
 * Failed verdicts as GitLab's code quality report: one issue a verdict, with a fingerprint that is the same every
 * night, so that a merge request shows which are new. What ended a run without all its verdicts is an issue of its own,
 * of another name and severity: an empty report says that nothing failed.
 * Source: GitLab docs, "Code Quality", report format: description, check_name, fingerprint, severity, location.path,
 *   location.lines.begin; a byte order mark is not allowed. Two issues of one fingerprint become one.
 */
export function codeQuality(runs: readonly ResultRun[]): string {
  const issues = runs.flatMap(({ told }) => {
    const issue = ({ rule, name, text, severity }: Told) => ({
      type: "issue",
      check_name: `hil/${rule.replaceAll(" ", "-")}`,
      description: shortened(`${titleOf(told)}: ${name}: ${text}`, DESCRIPTION_CHARS),
      fingerprint: digestOf(titleOf(told), name, rule),
      severity,
      location: { path: scenarioPath(told), lines: { begin: 1 } },
    });
    const ends = endsOf(told).map((end) => issue({ ...end, severity: end.isFirmware ? "critical" : "major" }));
    const failed = told.judged.flatMap((row) => {
      if (row.pass) return [];
      const [rule, text] = [textIn(told, row.ending), textIn(told, row.because)];
      return [issue({ rule, name: row.name, text, severity: "critical" })];
    });
    return [...ends, ...failed];
  });
  return `${JSON.stringify(issues.slice(0, ISSUES_MAX), undefined, 2)}\n`;
}
