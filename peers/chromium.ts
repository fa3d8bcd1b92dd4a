import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describe } from "@jest/globals";
import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's and Ubuntu's names; HIL_CHROMIUM names another. */
const CHROMIUM = [process.env["HIL_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== undefined && existsSync(path),
);
/** As the other programs that come with the system: required where all of them are (HIL_PEERS_SERVERS). */
const required = process.env["HIL_PEERS_SERVERS"] === "required";
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Tests that need a browser. */
export const inBrowser: typeof describe.skip = CHROMIUM === undefined && !required ? describe.skip : describe;
/** Whether they run, for their name. */
export const SAID =
  CHROMIUM === undefined ? "SKIPPED, needs chromium: apt-get install chromium, or HIL_CHROMIUM" : "in chromium";

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? "", args: ["--no-sandbox"] });
}

/** What axe-core calls serious or critical. The page's own policy lets no foreign script in, so axe is told to the browser. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: await readFile(AXE, "utf8") });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run().then(({ violations }) => JSON.stringify(violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => id + ": " + nodes[0].html)))`,
    awaitPromise: true,
    returnByValue: true,
  });
  return JSON.parse(String(result.value)) as readonly string[];
}

/** Width of what the page holds, and of the screen, in pixels. */
export async function widths(page: Page): Promise<readonly [content: number, screen: number]> {
  return (await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")) as [number, number];
}
