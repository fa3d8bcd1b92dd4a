// What a bench measured as a page or a picture: `-o FILE.html` or `-o FILE.svg` behind its other arguments.
import { writeFileSync } from "node:fs";
import { pageCode } from "../src/cli/report/page-code.ts";
import { histogramOf, type PlotPage, plotDocument, plotSvg } from "../src/report/index.ts";

type Chart = PlotPage["charts"][number];

/** Prints what a bench says, keeps it, and draws it at the end where `-o` asks for it. */
export class BenchPlot {
  readonly #title: string;
  readonly #output: string | undefined;
  readonly #charts: Chart[] = [];
  readonly #lines: string[] = [];

  /** @param argv `-o FILE` is taken out of it: what is left are the bench's own arguments. */
  constructor(title: string, argv: string[] = process.argv) {
    this.#title = title;
    const at = argv.indexOf("-o");
    const [, output] = at === -1 ? [] : argv.splice(at, 2);
    if (at !== -1 && !/\.(html|svg)$/.test(output ?? "")) throw new RangeError("-o wants FILE.html or FILE.svg");
    this.#output = output;
  }

  /** A line for people. */
  readonly say = (text: string): void => {
    console.log(text);
    if (text.trim() !== "") this.#lines.push(text.trimEnd());
  };

  /** How often each duration was seen, in milliseconds. */
  times(title: string, valuesMs: readonly number[]): void {
    if (valuesMs.length === 0) return;
    const us = valuesMs.map((ms) => ms * 1000);
    this.#charts.push(histogramOf(title, us));
  }

  /** A bar a turn, for each of two at most that were measured in turns. */
  turns(title: string, series: readonly { readonly name: string; readonly values: readonly number[] }[]): void {
    const most = Math.max(...series.map(({ values }) => values.length));
    const xs = Array.from({ length: most }, (_, at) => at + 1);
    // Bars of two series would stand on one another.
    this.#charts.push({ kind: series.length === 1 ? "bars" : "line", title, xName: "turn", xs, series });
  }

  /** Writes the page or the picture. */
  [Symbol.dispose](): void {
    if (this.#output === undefined) return;
    const page = this.page();
    writeFileSync(
      this.#output,
      this.#output.endsWith(".svg") ? plotSvg(page) : plotDocument(page, pageCode(), "bench"),
    );
    console.log(`drawn     ${this.#output}`);
  }

  /** The same as data. */
  page(): PlotPage {
    return {
      title: this.#title,
      sentence: this.#lines[0] ?? "nothing was measured",
      outcome: "pass",
      charts: this.#charts,
      tables: [{ caption: "What it said", heads: ["line"], rows: this.#lines.map((line) => [line]) }],
    };
  }
}
