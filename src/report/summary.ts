import { ENDINGS, type PhaseSpan, type RunResult, subjectText, type Verdict } from "../campaign/index.ts";
import { count, seconds } from "./format.ts";
import { strip } from "./strip.ts";

/** The closing lines of a run, as label and text: the strip of cuts, then the verdict. */
export function summaryLines(
  result: RunResult,
  phases: readonly PhaseSpan[],
  verdicts: readonly Verdict[],
  width: number,
): readonly (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  if (verdicts.length > 0) for (const line of strip(phases, verdicts, width)) lines.push(["", line]);
  lines.push(["verdict", verdictText(result)]);
  return lines;
}

/** The outcome of a run in one line. */
export function verdictText(result: RunResult): string {
  return outcomeText(result) + idleText(result) + voidText(result) + retriesText(result) + powerText(result);
}

function outcomeText(result: RunResult): string {
  const cuts = `${result.cutsJudged} of ${count(result.cutsPlanned, "cut")}`;
  const list = endingsText(result.endings);
  const when = result.cutsPlanned === 0 ? "before the first cut" : `after ${cuts}`;
  switch (result.outcome) {
    case "pass":
      if (result.cutsPlanned === 0) return `PASS  ${uncutText(result)}`;
      return `PASS  ${cuts} as MCUboot allows${list === "" ? "" : `: ${list}`}${unmadeText(result)}`;
    case "incomplete":
      if (result.cutsPlanned === 0) return `INCOMPLETE ${uncutText(result)}`;
      return `INCOMPLETE ${cuts} made, as MCUboot allows${list === "" ? "" : `: ${list}`}${isShort(result) ? "; the rest was left unmade" : ""}`;
    case "fail":
      return result.failed === 0
        ? `FAIL  ended early, ${when}; the reason follows`
        : `FAIL  ${count(result.failed, "verdict")} of ${result.passed + result.failed} failed${list === "" ? "" : `; cuts: ${list}`}`;
    case "error":
      return `ERROR the bench failed ${when}`;
    case "interrupted":
      return `INTERRUPTED ${when}${result.powerLeft === undefined ? "; power is on" : ""}`;
  }
}

function uncutText({ passed }: RunResult): string {
  return `${count(passed, "check")} as MCUboot allows; no cuts`;
}

function isShort({ cutsJudged, cutsPlanned }: RunResult): boolean {
  return cutsJudged < cutsPlanned;
}

function idleText({ idleFaults = [] }: RunResult): string {
  if (idleFaults.length === 0) return "";
  return `; ${idleFaultsText(idleFaults)}`;
}

/** "the fault forget-keys never acted: this run shows nothing about it". */
export function idleFaultsText(names: readonly string[]): string {
  const [are, it] = names.length === 1 ? ["fault", "it"] : ["faults", "them"];
  return `the ${are} ${names.join(", ")} never acted: this run shows nothing about ${it}`;
}

function powerText({ powerLeft }: RunResult): string {
  return powerLeft === undefined ? "" : `; power is ${powerLeft}, as the profile's power.leave says`;
}

function unmadeText({ incompleteAllowed, cutsPlanned, cutsJudged }: RunResult): string {
  return incompleteAllowed ? `; ${cutsPlanned - cutsJudged} left unmade, as allowed` : "";
}

function voidText({ cutsVoid = 0 }: RunResult): string {
  return cutsVoid === 0 ? "" : `; ${count(cutsVoid, "cut")} void, because the bench was not whole`;
}

function retriesText({ infraRetries = 0 }: RunResult): string {
  return infraRetries === 0 ? "" : `; the bench failed ${count(infraRetries, "time")} and was tried again`;
}

function endingsText(endings: RunResult["endings"]): string {
  return ENDINGS.filter((row) => (endings[row.name] ?? 0) > 0)
    .map((row) => `${endings[row.name]} ${row.text}`)
    .join(", ");
}

/** A cut in an upload, whose moment is told from the upload's start. */
function isOfUpload({ subject }: Verdict): boolean {
  return subject.kind === "cut" && subject.in === "upload";
}

/** A failed verdict, as one block: what was cut, expected, found, why. */
export function failureText(verdict: Verdict): string {
  const intoUs = verdict.cut?.intoSwapUs;
  const when =
    intoUs === undefined
      ? ""
      : `: at ${seconds(Math.abs(intoUs))} ${intoUs < 0 ? "before" : "after"} the ${isOfUpload(verdict) ? "upload" : "swap"}'s start, ${verdict.where}`;
  return [
    `verdict   FAIL  ${subjectText(verdict.subject)}${when}`,
    `          ending    ${ENDINGS.find((row) => row.name === verdict.ending)?.text ?? verdict.ending}`,
    `          expected  ${verdict.expected}`,
    `          found     ${verdict.found}`,
    `          because   ${verdict.because}`,
  ].join("\n");
}
