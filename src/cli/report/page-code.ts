import { fileURLToPath } from "node:url";
import { BenchError, messageOf, readInputText } from "../../core/index.ts";
import type { PageCode } from "../../report/index.ts";

/** Where `npm run build` leaves the page's code, seen from src/ and from dist/ alike. */
const FOLDER = new URL("../../../dist/web/", import.meta.url);

/** The code of the page. @throws BenchError where it was not built: a package that was installed has it. */
export function pageCode(folder: URL = FOLDER): PageCode {
  return codeOf("report.js", folder);
}

/** The code of the page that watches a run. @throws BenchError, as `pageCode`. */
export function livePageCode(): PageCode {
  return codeOf("live.js", FOLDER);
}

/** The code of the pages of a lab. @throws BenchError, as `pageCode`. */
export function labPagesCode(): Readonly<Record<"desk" | "live" | "report", PageCode>> {
  return { desk: codeOf("desk.js", FOLDER), live: livePageCode(), report: pageCode() };
}

function codeOf(script: string, folder: URL): PageCode {
  const part = (name: string) => readInputText(fileURLToPath(new URL(name, folder)));
  try {
    return { script: part(script), style: part("style.css") };
  } catch (error) {
    const text = `the page's code cannot be read: ${messageOf(error)}.`;
    throw new BenchError(text, "In a clone, build it first: npm run build.", { cause: error });
  }
}
