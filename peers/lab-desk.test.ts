import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { LabBench, labNode, NO_LAB_NODE } from "../src/cli/testing/lab-program.ts";
import { boardWords, LabClient as Client, type LabClient } from "../src/lab/index.ts";
import { inBrowser, openBrowser, SAID, seriousFaults, widths } from "./chromium.ts";
import { PathProxy } from "./path-proxy.ts";

const node = labNode();
const withLab = node === undefined ? describe.skip : inBrowser;

/** Long enough to be watched, and to be cancelled. */
const SCENARIO = `schema: 1
name: long
images:
  old: { version: "1.0.0", payload: { generate_bytes: 30000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 30000 } }
cuts: { count: 3000 }
revert_check: false
`;
const HOSTILE = '<script>document.title="owned"</script>\u202e"\'&';

withLab(`the pages of a lab, ${node === undefined ? NO_LAB_NODE : SAID}`, () => {
  let browser: Browser;
  let bench: LabBench;
  let proxy: PathProxy;
  let admin: LabClient;
  const complaints: string[] = [];

  beforeAll(async () => {
    bench = new LabBench(node ?? "");
    writeFileSync(join(bench.folder, "long.yaml"), SCENARIO);
    const boards = bench.twins("lab-07", "lab-08").flatMap((profile) => ["--board", profile]);
    [browser] = await Promise.all([openBrowser(), bench.serve(...boards)]);
    admin = bench.client;
    proxy = await PathProxy.open("/hil/", () => bench.access.url);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await proxy?.[Symbol.asyncDispose]();
    await bench?.[Symbol.asyncDispose]();
  });

  /** A page of somebody who has signed in; what the browser complains about is kept. */
  async function signedIn(name: string, role: "view" | "submit" | "reserve", look: object = {}): Promise<Page> {
    const { token } = await admin.call("addToken", { body: { name, role } });
    const page = await (await browser.newContext({ viewport: { width: 1200, height: 900 }, ...look })).newPage();
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      // What is refused, or broken off, the browser repeats.
      const isAnswer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isAnswer) complaints.push(message.text());
    });
    await page.goto(proxy.url);
    await page.getByLabel("token").fill(token);
    await page.getByRole("button", { name: "sign in" }).click();
    await page.getByRole("heading", { name: "Boards" }).waitFor();
    expect(page.url()).toBe(proxy.url);
    return page;
  }
  const rowOf = (page: Page, name: string) =>
    page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  const boardOf = async (name: string) => (await admin.call("boards")).find((board) => board.name === name);
  const tab = (page: Page, name: string) =>
    page.getByRole("navigation").getByRole("link", { name, exact: true }).click();

  test("submit, watch, cancel: the run fills its cell and its page while it goes on, and its record is its page then", async () => {
    const page = await signedIn("ann", "submit");
    await tab(page, "submit");
    await page.getByRole("combobox", { name: /^scenario/ }).selectOption("files of this computer");
    await page.getByLabel("the scenario and the files that it names").setInputFiles(join(bench.folder, "long.yaml"));
    await page.getByLabel(/^on /).fill("lab-07");
    await page.getByRole("button", { name: "submit", exact: true }).click();
    await page.getByText("the job is in the queue").waitFor();
    await tab(page, "queue");
    await rowOf(page, "1").getByText("running").waitFor();
    await tab(page, "boards");
    await rowOf(page, "lab-07").getByText("job 1 long (ann)").waitFor();
    await page
      .locator(".cells")
      .getByText(/[1-9]\d* of 3000 cuts/)
      .waitFor();
    await page
      .locator(".cells")
      .getByRole("link", { name: /long on/ })
      .press("Enter");
    await page.getByRole("heading", { name: "Now" }).waitFor();
    expect(page.url()).toBe(`${proxy.url}jobs/1/`);
    await page.goBack();
    await tab(page, "queue");
    await page.getByRole("button", { name: "cancel job 1" }).press("Enter");
    await rowOf(page, "1").getByText("cancelled").waitFor();
    await rowOf(page, "1").getByRole("link").click();
    await page.locator(".verdict").waitFor();
    expect(await page.locator("h1").textContent()).toContain("long");
    await page.goBack();
    await tab(page, "history");
    await page.getByRole("heading", { name: "Benches" }).waitFor();
    // The same job again, from what the lab has, with fewer cuts.
    await tab(page, "submit");
    await page.getByLabel(/^cuts/).fill("2");
    await page.getByRole("button", { name: "submit", exact: true }).click();
    await tab(page, "queue");
    await rowOf(page, "2").getByText("passed").waitFor();
    await page.context().close();
  }, 240_000);

  test("reserve and give back: page and command line say the same words, and who holds a board is told before the end", async () => {
    const page = await signedIn("bob", "reserve");
    await page.getByRole("button", { name: "reserve lab-08" }).click();
    await page.getByLabel(/^reserve lab-08 for/).selectOption("8h");
    await page.getByLabel("what for").fill("new relay");
    await page.getByRole("form").getByRole("button", { name: "reserve", exact: true }).click();
    await rowOf(page, "lab-08").getByText("reserved", { exact: true }).waitFor();
    const board = await boardOf("lab-08");
    const cells = await rowOf(page, "lab-08").locator("th, td").allTextContents();
    expect(cells.slice(0, 4)).toEqual(board === undefined ? [] : boardWords(board).slice(0, 4));
    expect(cells.slice(0, 4)).toEqual(["lab-08", "reserved", "", "new relay (bob, ends in 8 h)"]);
    await page.getByRole("button", { name: "give back lab-08" }).click();
    await rowOf(page, "lab-08").getByText("free", { exact: true }).waitFor();
    const { token } = await admin.call("addToken", { body: { name: "carol", role: "reserve" } });
    const carol = new Client(bench.access.url, token);
    await carol.call("reserve", { path: { board: "lab-08" }, body: { seconds: 500, why: "a short look" } });
    await rowOf(page, "lab-08")
      .getByText(/carol, ends in 9 min/)
      .waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    const { out } = await bench.start(["lab", "boards", "--lab", bench.access.url], { HIL_LAB_TOKEN: token }).done;
    expect(out).toMatch(
      /your reservation of lab-08 ends at .* UTC\. To keep it: hil lab reserve lab-08 1h --why "a short look"/,
    );
    // Not bob's to give back.
    await page.getByRole("button", { name: "give back lab-08" }).click();
    await page.getByText("lab-08 is reserved by carol").waitFor();
    await carol.call("unreserve", { path: { board: "lab-08" }, body: {} });
    await page.context().close();
  }, 120_000);

  test("roles: who may only look sees no button that changes anything, and is refused when asking by hand", async () => {
    const page = await signedIn("eve", "view");
    expect(await page.getByRole("button", { name: /reserve|cancel|ok/ }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "submit" }).count()).toBe(0);
    await page.goto(`${proxy.url}#submit`);
    expect(await page.getByRole("form").count()).toBe(0);
    const status = await page.evaluate(`fetch("session").then((answer) => answer.json()).then(({ csrf }) =>
      fetch("api/boards/lab-08/reserve", { method: "POST", body: '{"seconds":60,"why":"x"}',
        headers: { "content-type": "application/json", "x-hil-csrf": csrf } })).then(({ status }) => status)`);
    expect(status).toBe(403);
    // No script sees the cookie, and signing out ends what it stood for.
    expect(await page.evaluate("document.cookie")).toBe("");
    const [cookie] = await page.context().cookies(proxy.url);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/hil" });
    await page.getByRole("button", { name: "sign out" }).click();
    await page.getByLabel("token").waitFor();
    const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
    expect((await fetch(`${proxy.url}api/boards`, { headers })).status).toBe(401);
    await page.context().close();
  }, 120_000);

  test("a page of another site, and one of another port, change nothing in the name of who has signed in", async () => {
    const page = await signedIn("dan", "reserve");
    await admin.call("reserve", { path: { board: "lab-08" }, body: { seconds: 3_600, why: "stays" } });
    await admin.call("unreserve", { path: { board: "lab-08" }, body: {} });
    const evil = createServer((_, response) => {
      const url = `${proxy.url}api/boards/lab-08/reserve`;
      response.writeHead(200, { "content-type": "text/html" }).end(`<body><script>
        const body = '{"seconds":60,"why":"x"}';
        const ask = (options) => fetch("${url}", { method: "POST", credentials: "include", body, ...options }).then((a) => a.status, () => "blocked");
        Promise.all([ask({ mode: "no-cors" }), ask({ headers: { "content-type": "application/json" } }),
          ask({ mode: "no-cors", headers: { "content-type": "text/plain" } })]).then((all) => { document.title = "asked " + all.join(); });
      </script></body>`);
    });
    await new Promise<void>((resolve) => void evil.listen(0, "127.0.0.1", resolve));
    const { port } = evil.address() as AddressInfo;
    // The same host on another port is one site to a browser: its requests carry the cookie.
    for (const host of ["127.0.0.1", "localhost"]) {
      const other = await page.context().newPage();
      await other.goto(`http://${host}:${port}/`);
      await other.waitForFunction("document.title.startsWith('asked')");
      await other.close();
    }
    expect(await boardOf("lab-08")).toMatchObject({ state: "free", reserved: null });
    const without = await page.evaluate(`fetch("api/boards/lab-08/reserve", { method: "POST",
      headers: { "content-type": "application/json" }, body: '{"seconds":60,"why":"x"}' }).then(({ status }) => status)`);
    expect(without).toBe(403);
    await new Promise<void>((resolve) => void evil.close(() => resolve()));
    await page.context().close();
  }, 120_000);

  test.each([
    [1200, "light"],
    [400, "dark"],
  ] as const)(
    "hostile names are text, at %d px, %s: no serious fault by axe-core, no wider than the screen",
    async (width, colorScheme) => {
      const { url } = bench.access;
      const { token } = await admin.call("addToken", { body: { name: `${HOSTILE} ${width}`, role: "agent" } });
      const agent = new Client(url, token);
      const name = `${HOSTILE.slice(0, 60)}${width}`;
      await agent.call("declare", { body: { boards: [{ name, tags: ["x"], state: "bad", why: HOSTILE.repeat(40) }] } });
      await expect(
        agent.call("declare", { body: { boards: [{ name: "x".repeat(1_000_000), tags: [], state: "free" }] } }),
      ).rejects.toMatchObject({ status: 400 });
      const page = await signedIn(`mallory ${width}`, "reserve", { viewport: { width, height: 900 }, colorScheme });
      const row = page
        .getByRole("row")
        .filter({ hasText: HOSTILE.slice(0, 12) })
        .filter({ has: page.getByRole("rowheader", { name: String(width) }) });
      await row.waitFor();
      expect(await row.textContent()).toContain("\\u202e");
      // Its button works by its name as it is.
      await row.getByRole("button", { name: /^reserve/ }).click();
      await page.getByLabel("what for").fill(HOSTILE);
      await page.getByRole("form").getByRole("button", { name: "reserve", exact: true }).click();
      await page.getByText("is reserved for 2h").waitFor();
      for (const name of ["boards", "queue", "submit", "schedules", "history"]) {
        await tab(page, name);
        await page.locator("h2, h3").first().waitFor();
        expect(await seriousFaults(page)).toEqual([]);
        const [content, screen] = await widths(page);
        expect(content).toBeLessThanOrEqual(screen);
      }
      expect(await page.title()).toBe("hil lab");
      await agent.call("declare", { body: { boards: [] } });
      await page.context().close();
    },
    120_000,
  );

  test("a page whose lab goes away says so, and asks for the token again when it is there anew", async () => {
    const page = await signedIn("zoe", "submit");
    proxy.isDown = true;
    await page.getByText("The connection is lost").waitFor();
    proxy.isDown = false;
    await page.getByText("The connection is lost").waitFor({ state: "hidden" });
    await admin.call("removeToken", { path: { name: "zoe" } });
    await page.getByLabel("token").waitFor();
    await page.context().close();
    expect(complaints).toEqual([]);
  }, 120_000);
});
