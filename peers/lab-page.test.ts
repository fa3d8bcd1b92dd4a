import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Browser } from "playwright-core";
import { pageCode } from "../src/cli/report/page-code.ts";
import { histogramOf, labDocument, labPage, plotDocument } from "../src/report/index.ts";
import { madeUpLab, madeUpLine, plantedIn } from "../src/report/testing/made-up-lab.ts";
import { inBrowser, openBrowser, SAID, seriousFaults, widths } from "./chromium.ts";

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

inBrowser(`the pages of a lab and of measurements, ${SAID}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-lab-"));
  let browser: Browser;

  beforeAll(async () => {
    writeFileSync(join(folder, "lab.html"), labDocument(LAB, pageCode(), "0.0.0"));
    writeFileSync(join(folder, "plots.html"), plotDocument(PLOTS, pageCode(), "0.0.0"));
    browser = await openBrowser();
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
      expect(await seriousFaults(page)).toEqual([]);
      const [content, screen] = await widths(page);
      expect(content).toBeLessThanOrEqual(screen);
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
