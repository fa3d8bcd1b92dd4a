import { ENDINGS } from "../../campaign/index.ts";
import type { RunTold } from "../page/recorded-run.ts";
import type { JudgedRow, TextNumber } from "../page/run-page.ts";
import {
  CAMPAIGN,
  digestOf,
  endsOf,
  type ResultRun,
  type RunEnd,
  seeAgain,
  shortened,
  textIn,
  titleOf,
} from "./result-run.ts";

/**
 * Results that one run of a file may have: GitHub takes 25,000 and shows 5,000 of them.
 * Source: GitHub docs, "SARIF support for code scanning", limits.
 */
const RESULTS_MAX = 5_000;
const MESSAGE_CHARS = 1_000;
const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/**
 * Failed verdicts as SARIF 2.1.0, a run of the format for each recorded run. What ended a run without all its verdicts
 * is a result of a rule of its own, a warning, as a list without results closes every alert; it is a notification of
 * the tool besides, and `executionSuccessful` is false, so that no dashboard takes it for firmware.
 * Source: OASIS SARIF 2.1.0: 3.14 run, 3.20 invocation, 3.27 result, 3.49 reportingDescriptor; what GitHub asks for
 *   besides (a file for each result, partialFingerprints): GitHub docs, "SARIF support for code scanning".
 */
export function sarif(runs: readonly ResultRun[], hil: string): string {
  const log = { $schema: SCHEMA, version: "2.1.0", runs: runs.map(({ told }) => sarifRun(told, hil)) };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

interface Rule {
  readonly name: string;
  readonly text: string;
  readonly level: "error" | "warning";
}

/** A rule an ending: what a viewer groups by. */
const RULES: readonly Rule[] = [
  ...ENDINGS.filter(({ legal }) => !legal).map(({ name, text }) => ({ name, text, level: "error" as const })),
  { name: CAMPAIGN, text: "the firmware or an image ended the run", level: "error" },
];

/** Of runs that say less than was asked of them: nothing is known of the firmware by it. */
const UNSETTLED_RULES: readonly Rule[] = [
  { name: "bench", text: "the bench failed", level: "warning" },
  { name: "interrupted", text: "the run was stopped", level: "warning" },
  { name: "unfinished", text: "the run did not come to an end", level: "warning" },
  { name: "incomplete", text: "not all cuts were made", level: "warning" },
  { name: "unreadable", text: "lines of the record could not be read", level: "warning" },
];

const ruleId = (ending: string): string => `hil/${ending.replaceAll(" ", "-")}`;

function sarifRun(told: RunTold, hil: string): unknown {
  const ends = endsOf(told);
  const unsettled = ends.filter(({ isFirmware }) => !isFirmware);
  const failed = told.judged.filter(({ pass }) => !pass);
  const results = failed.slice(0, RESULTS_MAX).map((row) => resultOf(told, row));
  const endRules = new Set<string>(ends.map(({ rule }) => rule));
  // Endings of another version of hil have rules, too: a result whose rule is unknown is nothing.
  const names = new Set(failed.map((row) => textIn(told, row.ending)));
  const rules = [
    ...RULES.filter(({ name }) => names.has(name) || (name === CAMPAIGN && endRules.has(name))),
    ...[...names]
      .filter((name) => !RULES.some((rule) => rule.name === name))
      .map((name): Rule => ({ name, text: name, level: "error" })),
    ...UNSETTLED_RULES.filter(({ name }) => endRules.has(name)),
  ];
  return {
    tool: { driver: { name: "mcuboot-hil", version: hil, rules: rules.map(descriptorOf) } },
    automationDetails: { id: `hil/${told.scenario}/${told.profile ?? told.board}/` },
    invocations: [
      {
        executionSuccessful: unsettled.length === 0,
        ...(unsettled.length > 0 && {
          toolExecutionNotifications: unsettled.map(({ text }) => ({ level: "error", message: messageOf(text) })),
        }),
      },
    ],
    results: [...results, ...ends.map((end) => endResult(told, end))],
    properties: { record: told.id, outcome: told.outcome, seed: told.seed ?? null, cutsPlanned: told.cutsPlanned },
    columnKind: "utf16CodeUnits",
  };
}

function descriptorOf({ name, text, level }: Rule): unknown {
  return {
    id: ruleId(name),
    name: name.replaceAll(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: text === "" ? "no ending told" : text },
    defaultConfiguration: { level },
  };
}

function resultOf(told: RunTold, row: JudgedRow): unknown {
  const text = (number: TextNumber | undefined) => textIn(told, number);
  const ending = text(row.ending);
  const message = `${row.name}: expected ${text(row.expected)}; found ${text(row.found)}; because ${text(row.because)}`;
  return {
    ruleId: ruleId(ending),
    level: "error",
    message: messageOf(message),
    locations: [locationOf(told, row.name)],
    partialFingerprints: { "hilCase/v1": digestOf(titleOf(told), row.name, ending) },
    properties: {
      check: row.check,
      where: text(row.where),
      versions: `${text(row.from)} to ${text(row.to)}`,
      replay: seeAgain(told, row),
    },
  };
}

/** What ended a run otherwise than by a verdict. */
function endResult(told: RunTold, { rule, name, text, isFirmware }: RunEnd): unknown {
  return {
    ruleId: ruleId(rule),
    level: isFirmware ? "error" : "warning",
    message: messageOf(text),
    locations: [locationOf(told, name)],
    partialFingerprints: { "hilCase/v1": digestOf(titleOf(told), rule) },
    properties: { replay: seeAgain(told) },
  };
}

/** Plain text: what would be a link in it ("[text](address)", SARIF 3.11.6) comes from a board, and is none. */
function messageOf(text: string): { readonly text: string } {
  return { text: shortened(text, MESSAGE_CHARS).replaceAll("](", "] (") };
}

/**
 * Viewers want a file for each result. The scenario is what a verdict is about; its path is made of its name, so that
 * it is the same every night: a path of the record would close each alert in the morning and open it again.
 */
function locationOf(told: RunTold, name: string): unknown {
  const uri = scenarioPath(told).split("/").map(encodeURIComponent).join("/");
  return {
    physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } },
    logicalLocations: [{ name, fullyQualifiedName: `${titleOf(told)}: ${name}`, kind: "function" }],
  };
}

/** "scenarios/encrypted-upgrade.yaml": where results lie for readers that show files. */
export function scenarioPath({ scenario }: Pick<RunTold, "scenario">): string {
  return `scenarios/${scenario.replaceAll(/[^\w.-]+/g, "-")}.yaml`;
}
