import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Browser } from "playwright-core";
import { livePageCode } from "../src/cli/report/page-code.ts";
import { LabFolder } from "../src/cli/watch/lab-folder.ts";
import { WatchServer } from "../src/cli/watch/watch-server.ts";
import { RealClock } from "../src/core/index.ts";
import { cutVerdict, recordFolder, STARTED } from "../src/report/testing/record-folder.ts";
import { inBrowser, openBrowser, SAID, seriousFaults, widths } from "./chromium.ts";

const PLAN = {
  atUs: 20,
  event: "plan",
  cuts: [1, 2, 3].map((index) => ({ index, kind: "time", afterResetUs: index * 100_000 })),
  phases: [{ name: "swap", fromUs: 0, toUs: 20_000_000 }],
};
const FINISHED = {
  atUs: 9_000_000,
  event: "run-finished",
  result: { outcome: "pass", cutsPlanned: 3, cutsJudged: 2, passed: 2, failed: 0, endings: {} },
};

inBrowser(`the page that watches a run, ${SAID}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  /** A run that the test makes, and a page that watches it; what the browser complains about is kept. */
  async function watched() {
    const record = recordFolder([STARTED]);
    const watch = await WatchServer.open({ port: 0, code: livePageCode(), hil: "1.0.0", clock: new RealClock() });
    watch.add("runs/x", record);
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    const complaints: string[] = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
    await page.goto(watch.url);
    await page.getByRole("heading", { name: "Now" }).waitFor();
    const write = (...events: readonly unknown[]) =>
      appendFileSync(join(record, "events.jsonl"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    return { watch, page, complaints, write };
  }

  test("fills its cut map, upload bar, clock and UART while the run goes on, and becomes the report at its end", async () => {
    const { watch, page, complaints, write } = await watched();
    write(
      { atUs: 1_000_000, event: "upload-started", version: "2.0.0", totalBytes: 1000 },
      { atUs: 2_000_000, event: "upload-progress", sentBytes: 250, totalBytes: 1000 },
    );
    await page.getByText("250 of 1,000 B").waitFor();
    write(PLAN, { atUs: 3_000_000, event: "boot-log", name: "starting swap", text: "I: Starting swap" });
    await page.getByText(/swap, [\d.]+ (ms|s)/).waitFor();
    await page.getByRole("log").getByText("I: Starting swap").waitFor();
    write(cutVerdict(1, 4_000_000));
    await page.locator(".legend").getByText("1 resumed").waitFor();
    write(cutVerdict(2, 5_000_000));
    await page.locator(".legend").getByText("2 resumed").waitFor();
    const [content, screen] = await widths(page);
    expect(content).toBeLessThanOrEqual(screen);
    write(FINISHED);
    await Promise.all([watch.end(), page.getByText("The run has ended").waitFor()]);
    expect(await page.locator(".verdict").textContent()).toMatch(/^PASS/);
    await page.getByRole("button", { name: "next cut" }).click();
    expect(await page.locator("#one-verdict").textContent()).toContain("cut 1");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.each([
    [1200, "light"],
    [400, "dark"],
  ] as const)(
    "of a lab has a cell for each run that goes on, above its nights: %d px, %s",
    async (width, colorScheme) => {
      const root = mkdtempSync(join(tmpdir(), "hil-lab-live-"));
      cpSync(recordFolder([STARTED, cutVerdict(1, 1_000_000), FINISHED]), join(root, "ended"), { recursive: true });
      const records = new LabFolder("runs", root);
      const lab = () => records.page();
      const watch = await WatchServer.open({
        port: 0,
        code: livePageCode(),
        hil: "1.0.0",
        clock: new RealClock(),
        lab,
      });
      const hostile = '<img src=x onerror="document.title=1">\u202e';
      const going = ["lab-07", "lab-08"].map((profile) => recordFolder([{ ...STARTED, profile }]));
      const write = (at: number, ...events: readonly unknown[]) =>
        appendFileSync(
          join(going[at] ?? "", "events.jsonl"),
          events.map((event) => `${JSON.stringify(event)}\n`).join(""),
        );
      for (const [at, path] of going.entries()) watch.add(`runs/${at}`, path);
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const complaints: string[] = [];
      page.on("pageerror", ({ message }) => complaints.push(message));
      await page.goto(watch.url);
      write(0, { atUs: 1_000_000, event: "upload-started", version: "2.0.0", totalBytes: 1000 });
      write(0, { atUs: 2_000_000, event: "upload-progress", sentBytes: 250, totalBytes: 1000 });
      write(1, PLAN, { atUs: 3_000_000, event: "boot-log", name: "line", text: hostile });
      write(1, cutVerdict(1, 4_000_000), cutVerdict(2, 5_000_000, { pass: false, ending: "no boot" }));
      const cell = (name: string) => page.locator(".cells li").filter({ hasText: name });
      await cell("lab-07").getByText("250 of 1,000 B").waitFor();
      await cell("lab-08").getByText("1 failed").waitFor();
      expect(await cell("lab-08").locator(".small-map path").count()).toBe(2);
      expect(await cell("lab-08").locator(".log").textContent()).toContain("<img src=x");
      expect(await page.locator("h1").textContent()).toContain("Lab");
      expect(await seriousFaults(page)).toEqual([]);
      const [content, screen] = await widths(page);
      expect(content).toBeLessThanOrEqual(screen);
      await cell("lab-08").getByRole("link").click();
      await page.getByRole("heading", { name: "Now" }).waitFor();
      expect(await page.locator("h1").textContent()).toContain("encrypted-upgrade");
      write(1, FINISHED);
      await cell("lab-08").getByText(/^PASS/).waitFor();
      await page.getByRole("link", { name: "the whole lab" }).click();
      await page.getByRole("heading", { name: "Nights" }).waitFor();
      expect(complaints).toEqual([]);
      await watch[Symbol.asyncDispose]();
      await page.close();
      rmSync(root, { recursive: true });
    },
  );

  test("shows what a hostile board sends as text", async () => {
    const { watch, page, complaints, write } = await watched();
    const hostile = '<img src=x onerror="document.title=1"></pre><script>document.title="owned"</script>\u202e';
    write(PLAN, { atUs: 3, event: "boot-log", name: "line", text: hostile });
    write(cutVerdict(1, 4_000_000, { pass: false, because: hostile }));
    await page.getByRole("log").getByText("document.title").waitFor();
    await page.locator(".cause").first().waitFor();
    expect(await page.title()).toBe("hil watch");
    expect(await page.locator("img").count()).toBe(0);
    expect(complaints).toEqual([]);
    await watch[Symbol.asyncDispose]();
    await page.getByText("The connection is lost").waitFor();
    await page.close();
  });

  test("begins anew when it comes back, and has nothing twice", async () => {
    const { watch, page, write } = await watched();
    write(PLAN, cutVerdict(1, 4_000_000));
    await page.locator(".legend").getByText("1 resumed").waitFor();
    await page.context().setOffline(true);
    write(cutVerdict(2, 5_000_000));
    await page.context().setOffline(false);
    await page.locator(".legend").getByText("2 resumed").waitFor();
    await page.reload();
    await page.locator(".legend").getByText("2 resumed").waitFor();
    await watch[Symbol.asyncDispose]();
    await page.close();
  });
});
