import type { Sweep } from "../../mcuboot/index.ts";
import { count, grouped, type PlotPage } from "../../report/index.ts";
import { coverageText, outcomesOf } from "./text.ts";

/** Outcomes over the operations of the upgrade and of its revert, and the findings. */
export function sweepPlot(title: string, sweep: Sweep): PlotPage {
  const { findings, exploration } = sweep;
  return {
    title,
    sentence: findings.length === 0 ? "PASS nothing that must not be" : `FAIL ${count(findings.length, "finding")}`,
    outcome: findings.length === 0 ? "pass" : "fail",
    charts: outcomesOf(sweep).map(({ name, operations, rows }) => ({
      kind: "bands",
      title: `${name}: what came of sequences that begin with a cut there, the worst of them`,
      xName: "flash operation",
      length: operations,
      rows,
    })),
    tables: [
      {
        caption: "Swept",
        heads: ["states", "flash contents", "cut points", "covered"],
        rows: [
          [
            grouped(exploration.states.length),
            grouped(exploration.contents),
            grouped(exploration.edges),
            coverageText(sweep),
          ],
        ],
      },
      {
        caption: "Findings",
        heads: ["known as", "class", "stage", "cuts", "torn", "shows", "because"],
        rows: findings.map((one) => [
          one.known ?? "new",
          one.class,
          one.stage,
          String(one.cuts),
          String(one.torn),
          one.shows,
          one.because,
        ]),
      },
    ].filter(({ rows }) => rows.length > 0),
  };
}
