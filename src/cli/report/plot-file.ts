import { relative, resolve } from "node:path";
import { UsageError } from "../../core/index.ts";
import { type PlotPage, plotDocument, plotSvg } from "../../report/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { WholeFile } from "../terminal/whole-file.ts";
import { pageCode } from "./page-code.ts";

/** The file that a command's measurements are drawn into: a page, or a picture for a wiki. */
export const PLOT_OPTION = {
  output: { type: "string", alias: "o", describe: "also draw the result: FILE.html, or FILE.svg for a wiki" },
} as const;

/** What is written when the measurement is over; undefined where nobody asked. */
export function plotFile(path: string | undefined, io: CliIo): ((plot: PlotPage) => void) | undefined {
  if (path === undefined) return undefined;
  const kind = /\.(html|svg)$/.exec(path)?.[1];
  if (kind === undefined)
    throw new UsageError(
      `-o wants a file that ends in .html or .svg, not "${path}".`,
      "PNG: any browser or image program makes one of the SVG.",
    );
  const code = kind === "html" ? pageCode() : undefined;
  const file = new WholeFile(path, io.cwd, kind === "html" ? "html" : "svg");
  return (plot) => {
    file.write(code === undefined ? plotSvg(plot) : plotDocument(plot, code, ownVersion()), "request");
    io.err(`drawn     ${relative(io.cwd, resolve(io.cwd, path))}\n`);
  };
}
