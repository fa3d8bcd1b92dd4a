import { benchEndOf, digestOf, type ResultRun, shortened, titleOf } from "./result-run.ts";
import { scenarioPath } from "./sarif.ts";

/** A report may have so many: GitLab reads it into a merge request's page. */
const ISSUES_MAX = 5_000;
const DESCRIPTION_CHARS = 500;

/**
 * Failed verdicts as GitLab's code quality report: one issue a verdict, with a fingerprint that is the same every
 * night, so that a merge request shows which are new. A bench that failed is told in the JUnit file, not here.
 * Source: GitLab docs, "Code Quality", report format: description, check_name, fingerprint, severity, location.path,
 *   location.lines.begin; a byte order mark is not allowed. Two issues of one fingerprint become one.
 */
export function codeQuality(runs: readonly ResultRun[]): string {
  const issues = runs.flatMap(({ told }) => {
    if (benchEndOf(told) !== undefined) return [];
    return told.judged.flatMap((row) => {
      if (row.pass) return [];
      const text = (number: number) => told.texts[number] ?? "";
      const ending = text(row.ending);
      return [
        {
          type: "issue",
          check_name: `hil/${ending.replaceAll(" ", "-")}`,
          description: shortened(`${titleOf(told)}: ${row.name}: ${text(row.because)}`, DESCRIPTION_CHARS),
          fingerprint: digestOf(titleOf(told), row.name, ending),
          severity: "critical",
          location: { path: scenarioPath(told), lines: { begin: 1 } },
        },
      ];
    });
  });
  return `${JSON.stringify(issues.slice(0, ISSUES_MAX), undefined, 2)}\n`;
}
