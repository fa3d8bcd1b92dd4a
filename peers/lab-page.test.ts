import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Browser, chromium } from "playwright-core";
import { pageCode } from "../src/cli/report/page-code.ts";
import { histogramOf, labDocument, labPage, plotDocument } from "../src/report/index.ts";
import { madeUpLab, madeUpLine, plantedIn } from "../src/report/testing/made-up-lab.ts";

/** Debian's and Ubuntu's names; HIL_CHROMIUM names another. */
const CHROMIUM = [process.env["HIL_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== undefined && existsSync(path),
);
const required = process.env["HIL_PEERS_SERVERS"] === "required";
const inBrowser = CHROMIUM === undefined && !required ? describe.skip : describe;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SERIOUS = `axe.run().then(({ violations }) => JSON.stringify(violations
  .filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => id + ": " + nodes[0].html)))`;

const NIGHTS = 60;
const LINES = [...madeUpLab(NIGHTS, 6, 7)]
  .filter(({ night }) => night <= plantedIn(NIGHTS).shared.from)
  .map(madeUpLine);
const LAB = labPage(LINES, {
  folder: "runs",
  nights: 30,
  pageOf: (run) => `${run}/report.html`,
  unfinished: ["half"],
  unread: [],
});
const PLOTS = {
  title: "</script><script>document.title='owned'</script>",
  sentence: "a cut falls 8 ms after its command",
  outcome: "pass",
  charts: [
    histogramOf("power off to last byte", [1_000, 2_000, 2_100]),
    {
      kind: "bands",
      title: "upgrade",
      xName: "operation",
      length: 90,
      rows: [{ name: "new image ran, then reverted", tone: "reverted", spans: [[0, 90]] }],
    },
  ],
  tables: [{ caption: "Figures", heads: ["what", "measured"], rows: [["off", "8 ms"]] }],
} as const;

inBrowser("the pages of a lab and of measurements", () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-lab-"));
  let browser: Browser;

  beforeAll(async () => {
    writeFileSync(join(folder, "lab.html"), labDocument(LAB, pageCode(), "0.0.0"));
    writeFileSync(join(folder, "plots.html"), plotDocument(PLOTS, pageCode(), "0.0.0"));
    browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args: ["--no-sandbox"] });
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ["lab.html", 1200, "light"],
    ["lab.html", 400, "dark"],
    ["plots.html", 1200, "light"],
    ["plots.html", 400, "dark"],
  ] as const)(
    "%s at %d px, %s: no serious fault by axe-core, nothing loaded, no wider than the screen",
    async (...row) => {
      const [file, width, colorScheme] = row;
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("pageerror", ({ message }) => complaints.push(message));
      page.on("console", (message) => complaints.push(message.text()));
      await page.goto(pathToFileURL(join(folder, file)).href);
      await page.waitForSelector("h1");
      const session = await context.newCDPSession(page);
      await session.send("Runtime.evaluate", { expression: AXE });
      const asked = { expression: SERIOUS, awaitPromise: true, returnByValue: true };
      const { result } = await session.send("Runtime.evaluate", asked);
      expect(JSON.parse(String(result.value))).toEqual([]);
      const [content, screen] = (await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")) as number[];
      expect(content).toBeLessThanOrEqual(screen ?? 0);
      expect(await page.title()).not.toBe("owned");
      expect(complaints).toEqual([]);
      await context.close();
    },
  );

  test("a cell of the lab says which run it was, and leads to its page", async () => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(folder, "lab.html")).href);
    expect(await page.locator(".verdict").textContent()).toMatch(/^\d cases newly red/);
    await page.locator("td.cell button.failed").first().press("Enter");
    const link = page.getByRole("status").getByRole("link");
    expect(await link.getAttribute("href")).toMatch(/^2024-.*\/report\.html$/);
    await page.close();
  });
});
