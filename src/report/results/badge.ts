import { unreadIn } from "../page/lines-taken.ts";
import { markup } from "../page/markup.ts";
import type { RunTold } from "../page/recorded-run.ts";
import type { ResultRun } from "./result-run.ts";

interface BadgeText {
  readonly message: string;
  readonly colour: "brightgreen" | "red" | "orange" | "lightgrey";
}

const LABEL = "mcuboot-hil";

/** Worst first: one run that failed is what a badge has to say. */
const WORST_FIRST: readonly RunTold["outcome"][] = ["fail", "error", "interrupted", "unfinished", "incomplete", "pass"];

function badgeText(runs: readonly ResultRun[]): BadgeText {
  const worst = WORST_FIRST.find((outcome) => runs.some(({ told }) => told.outcome === outcome));
  const cuts = runs.flatMap(({ told }) => told.judged.filter(({ check }) => /^cut \d+$/.test(check)));
  const passed = `${cuts.filter(({ pass }) => pass).length}/${cuts.length} cuts`;
  if (worst === "pass" && runs.some(({ told }) => unreadIn(told) !== undefined)) {
    return { message: "record damaged", colour: "orange" };
  }
  switch (worst) {
    case "pass":
      return { message: cuts.length === 0 ? "pass" : `pass, ${passed}`, colour: "brightgreen" };
    case "fail":
      return { message: cuts.length === 0 ? "fail" : `fail, ${passed}`, colour: "red" };
    case "incomplete":
      return { message: `incomplete, ${passed}`, colour: "orange" };
    case "error":
      return { message: "bench failed", colour: "orange" };
    default:
      return { message: worst ?? "no run", colour: "lightgrey" };
  }
}

/**
 * The worst outcome of the runs, for a badge that shields.io draws.
 * Source: shields.io, "Endpoint Badge": schemaVersion 1, label, message, color, isError.
 */
export function badgeJson(runs: readonly ResultRun[]): string {
  const { message, colour } = badgeText(runs);
  const isError = colour !== "brightgreen";
  return `${JSON.stringify({ schemaVersion: 1, label: LABEL, message, color: colour, ...(isError && { isError }) })}\n`;
}

const FILLS: Readonly<Record<BadgeText["colour"], string>> = {
  brightgreen: "#2a7d2e",
  red: "#b3261e",
  orange: "#9a5b00",
  lightgrey: "#5f5f5f",
};
const HEIGHT = 20;
/** Of an 11 px sans-serif font, wide enough for every letter; the text is stretched to it. */
const CHAR_PX = 6.6;

/** The same as a drawing that needs nobody: for a page of the lab's own. */
export function badgeSvg(runs: readonly ResultRun[]): string {
  const { message, colour } = badgeText(runs);
  const wide = (text: string) => Math.round(text.length * CHAR_PX) + 12;
  const [left, right] = [wide(LABEL), wide(message)];
  const part = (x: number, width: number, text: string, fill: string) => [
    `<rect x="${x}" width="${width}" height="${HEIGHT}" fill="${fill}"/>`,
    `<text x="${x + width / 2}" y="14" textLength="${width - 12}">${markup(text)}</text>`,
  ];
  const name = markup(`${LABEL}: ${message}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" role="img"`,
    ` aria-label="${name}">`,
    `<title>${name}</title>`,
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">`,
    ...part(0, left, LABEL, "#444"),
    ...part(left, right, message, FILLS[colour]),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}
