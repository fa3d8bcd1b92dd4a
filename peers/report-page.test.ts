import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { modelLayer } from "../src/cli/report/model-layer.ts";
import { pageCode } from "../src/cli/report/page-code.ts";
import { runCommand } from "../src/cli/run/run.ts";
import { memoryIo } from "../src/cli/testing/memory-io.ts";
import { pageDocument, recordedRun } from "../src/report/index.ts";
import { cutVerdict, recordFolder, STARTED } from "../src/report/testing/record-folder.ts";
import { inBrowser, openBrowser, SAID, seriousFaults, widths } from "./chromium.ts";

/** A page from disk in a browser that has no network; what it complains about is kept. */
async function opened(browser: Browser, file: string, hash = "", options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, offline: true, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  await page.goto(`${pathToFileURL(file).href}${hash}`);
  await page.waitForSelector("h1");
  return { page, complaints, close: () => context.close() };
}

async function pageFile(...records: readonly string[]): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), "hil-page-")), "report.html");
  const runs = await Promise.all(
    records.map(async (record) => ({ ...recordedRun("runs/x", record), model: await modelLayer(record, record) })),
  );
  writeFileSync(file, pageDocument(runs, pageCode(), "0.0.0"));
  return file;
}

inBrowser(`the page of a run, ${SAID}`, () => {
  let browser: Browser;
  let failed = "";

  beforeAll(async () => {
    browser = await openBrowser();
    const io = memoryIo();
    await runCommand(["encrypted-upgrade", "--cuts", "6", "--fault", "forget-resume"], io);
    failed = await pageFile(join(io.cwd, "runs", readdirSync(join(io.cwd, "runs"))[0] ?? ""));
  });

  afterAll(() => browser.close());

  test("shows the verdict first, and each failure by its cause", async () => {
    const { page, complaints, close } = await opened(browser, failed);
    expect(await page.locator(".verdict").textContent()).toMatch(/^FAIL/);
    const causes = page.locator(".cause");
    expect(await causes.count()).toBeGreaterThan(0);
    expect(await causes.first().locator("h3").textContent()).toMatch(/no boot \(\d verdicts?\)/);
    expect(complaints).toEqual([]);
    await close();
  });

  test("opens a cut by a click on the map, on a row of the list, by the arrow keys and by its address", async () => {
    const { page, close } = await opened(browser, failed);
    const title = () => page.locator("#one-verdict").textContent();
    await page
      .locator(".map")
      .first()
      .click({ position: { x: 600, y: 34 } });
    expect(await title()).toMatch(/cut \d/);
    await page.getByRole("button", { name: "cut 2" }).last().click();
    expect(await title()).toContain("cut 2");
    await page.getByRole("group", { name: "Cuts on the time of the swap" }).press("ArrowRight");
    expect(await title()).toContain("cut 3");
    await page.reload();
    await page.waitForSelector("#one-verdict");
    expect(await title()).toContain("cut 3");
    expect(await page.locator(".moments tr.power").count()).toBeGreaterThanOrEqual(2);
    await page.getByRole("radio", { name: "around the cut" }).check();
    await page.getByRole("button", { name: "close" }).click();
    expect(await page.locator("#one-verdict").count()).toBe(0);
    await close();
  });

  test("draws the flash operations of a cut, the wear of pages, and behind the map what the model says", async () => {
    const { page, close } = await opened(browser, failed, "#run-0-verdict-3");
    await page.waitForSelector("path.flash.erase");
    for (const kind of ["erase", "write"]) {
      const path = (await page.locator(`path.flash.${kind}`).getAttribute("d")) ?? "";
      expect(path.split("M").length).toBeGreaterThan(5);
    }
    expect(await page.locator("rect.heat").count()).toBeGreaterThan(50);
    expect(await page.locator("rect.model").count()).toBeGreaterThan(1);
    expect(await page.locator("section[aria-labelledby=cut-map]").textContent()).toContain(
      "the model of the same build",
    );
    await close();
  });

  test("filters the verdicts by word and by outcome", async () => {
    const { page, close } = await opened(browser, failed);
    const rows = page.locator("section[aria-labelledby=verdicts] tbody tr");
    const all = await rows.count();
    await page.getByRole("radio", { name: /failed/ }).check();
    const bad = await rows.count();
    expect(bad).toBeGreaterThan(0);
    expect(bad).toBeLessThan(all);
    await page.getByRole("searchbox").fill("no such word");
    expect(await rows.count()).toBe(0);
    await close();
  });

  test.each([
    ["light, 1200 px", {}],
    ["dark", { colorScheme: "dark" }],
    ["400 px wide", { viewport: { width: 400, height: 800 } }],
  ] as const)("has no serious fault by axe-core, and is no wider than the screen: %s", async (_, options) => {
    const { page, close } = await opened(browser, failed, "#run-0-verdict-3", options);
    expect(await seriousFaults(page)).toEqual([]);
    const [content, screen] = await widths(page);
    expect(content).toBeLessThanOrEqual(screen);
    await close();
  });

  test("shows what a hostile board sends as text, and runs none of it", async () => {
    const hostile =
      '</script><script>document.title="owned"</script><img src=x onerror="document.title=1">\u202egnp.exe';
    const line = { atUs: 1, event: "boot-log", name: "line", text: `${hostile}${"A".repeat(1_000_000)}` };
    const verdict = cutVerdict(1, 1_000_000, { pass: false, because: hostile, found: hostile, where: hostile });
    const record = recordFolder([{ ...STARTED, scenario: hostile }, line, verdict]);
    const { page, complaints, close } = await opened(browser, await pageFile(record), "#run-0-verdict-0");
    expect(await page.title()).not.toMatch(/^(owned|1)$/);
    expect(await page.locator("h1").textContent()).toContain('</script><script>document.title="owned"</script>');
    expect(await page.locator("img").count()).toBe(0);
    const text = (await page.locator("body").textContent()) ?? "";
    expect(text).toContain("\\u202egnp.exe");
    expect(text).not.toContain("\u202e");
    expect(complaints).toEqual([]);
    await close();
  });

  test("of five thousand cuts opens with every cut on its map", async () => {
    const cuts = 5_000;
    const events = Array.from({ length: cuts }, (_, at) => {
      const beganUs = (at + 1) * 2_000_000;
      const intoSwapUs = (at * 20_000_000) / cuts;
      const verdict = cutVerdict(at + 1, beganUs + 1_000_000);
      const log = Array.from({ length: 20 }, (_line, order) => {
        return { atUs: beganUs + order * 1_000, event: "boot-log", name: "line", text: `I: line ${order}` };
      });
      return [...log, { ...verdict, verdict: { ...verdict.verdict, cut: { ...verdict.verdict.cut, intoSwapUs } } }];
    });
    const phases = [{ name: "swap", fromUs: 0, toUs: 20_000_000 }];
    const record = recordFolder([STARTED, { atUs: 1, event: "plan", cuts: [], phases }, ...events.flat()]);
    const { page, complaints, close } = await opened(browser, await pageFile(record));
    expect(await page.locator(".legend").textContent()).toContain("5000 resumed");
    await page.getByRole("button", { name: "next cut" }).click();
    expect(await page.locator("#one-verdict").textContent()).toContain("cut 1:");
    expect(complaints).toEqual([]);
    await close();
  });
});
