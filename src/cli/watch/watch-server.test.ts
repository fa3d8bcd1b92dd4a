import { appendFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RealClock } from "../../core/index.ts";
import { recordedRun } from "../../report/index.ts";
import { cutVerdict, recordFolder, STARTED } from "../../report/testing/record-folder.ts";
import { WatchServer } from "./watch-server.ts";

const FINISHED = {
  atUs: 9_000_000,
  event: "run-finished",
  result: { outcome: "pass", cutsPlanned: 1, cutsJudged: 1, passed: 1, failed: 0, endings: {} },
};

const opened = (port = 0, read?: typeof recordedRun) =>
  WatchServer.open({
    port,
    code: { script: "1", style: "a{}" },
    hil: "1.0.0",
    clock: new RealClock(),
    ...(read && { read }),
  });

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function asked(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers, method }, (answer) => {
      let body = "";
      answer.on("data", (piece) => (body += String(piece)));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** A browser's stream: what it was told so far, and a wait for more. */
async function stream(url: string) {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = httpRequest(`${url}events`, resolve);
    sent.on("error", reject);
    sent.end();
  });
  let text = "";
  let over = false;
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const check of [...waiting]) check();
  };
  answer.on("data", (piece) => {
    text += String(piece);
    tell();
  });
  for (const name of ["end", "close", "error"]) {
    answer.on(name, () => {
      over = true;
      tell();
    });
  }
  const until = (is: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!is()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return {
    answer,
    has: (what: string) => until(() => text.includes(what)),
    over: () => until(() => over),
    text: () => text,
  };
}

describe("the page of a run that goes on", () => {
  let watch: WatchServer;
  let record = "";
  const write = (event: unknown) => appendFileSync(join(record, "events.jsonl"), `${JSON.stringify(event)}\n`);

  beforeEach(async () => {
    record = recordFolder([STARTED]);
    watch = await opened();
    watch.add("runs/x", record);
  });
  afterEach(() => watch[Symbol.asyncDispose]());

  test("is at an address of this machine that nobody can guess", async () => {
    expect(watch.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{24}\/$/);
    await using other = await opened();
    expect(new URL(other.url).pathname).not.toBe(new URL(watch.url).pathname);
  });

  test.each(["/", "/events", "/wrong-token-of-24-letters/", "/../", "//", "/%00", "/?"])(
    "says nothing, with 403, to who asks for %s",
    async (path) => {
      const { status, body } = await asked(`${new URL(watch.url).origin}${path}`);
      expect([status, body]).toEqual([403, ""]);
    },
  );

  test.each(["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"])(
    "says nothing to a browser that took it for another host: %j",
    async (host) => {
      const { status, body } = await asked(watch.url, { host });
      expect([status, body]).toEqual([403, ""]);
    },
  );

  test("takes no other method than GET, and knows no other page", async () => {
    expect((await asked(watch.url, {}, "POST")).status).toBe(405);
    expect((await asked(`${watch.url}record`)).status).toBe(404);
    expect((await asked(`${watch.url}../../etc/passwd`)).status).toBe(403);
  });

  test("has a policy that lets it ask its own server and nobody else, and is shown in no frame", async () => {
    const { status, headers, body } = await asked(watch.url);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-security-policy": "frame-ancestors 'none'",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(body)?.[1];
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'; /,
    );
    expect(body).not.toContain(new URL(watch.url).pathname.slice(1, -1));
  });

  test("tells several browsers what is new, and each that comes later all of it", async () => {
    const first = await stream(watch.url);
    await first.has('"scenario":"encrypted-upgrade"');
    write(cutVerdict(1, 1_000_000));
    await first.has('"check":"cut 1"');
    const second = await stream(watch.url);
    await second.has('"check":"cut 1"');
    write(cutVerdict(2, 2_000_000));
    await Promise.all([first.has('"check":"cut 2"'), second.has('"check":"cut 2"')]);
    expect(first.text().match(/"reset":true/g)).toHaveLength(1);
    first.answer.destroy();
    second.answer.destroy();
  });

  test("gives each its report when the run has ended, and lets it go", async () => {
    const browser = await stream(watch.url);
    await browser.has("event: step");
    write(cutVerdict(1, 1_000_000));
    write(FINISHED);
    await Promise.all([watch.end(), browser.over()]);
    const [, ended = ""] = browser.text().split("event: end\ndata: ");
    const { page } = JSON.parse(ended.split("\n")[0] ?? "") as { page: { outcome: string; judged: unknown[] } };
    expect([page.outcome, page.judged.length]).toEqual(["pass", 1]);
    expect(browser.text()).toContain("event: over");
  });

  test("reads a record once for all browsers that watch when its run ends", async () => {
    let reads = 0;
    await using counted = await opened(0, (...which) => {
      reads += 1;
      return recordedRun(...which);
    });
    counted.add("runs/x", record);
    const browsers = await Promise.all([1, 2, 3].map(() => stream(counted.url)));
    await Promise.all(browsers.map(({ has }) => has("event: step")));
    write(FINISHED);
    await Promise.all([counted.end(), ...browsers.map(({ over }) => over())]);
    expect(browsers.map(({ text }) => text().split("event: end").length - 1)).toEqual([1, 1, 1]);
    expect(reads).toBe(1);
  });

  test("keeps nothing for a browser that takes nothing, and waits for it no longer than some seconds at the end", async () => {
    const slow = await stream(watch.url);
    slow.answer.pause();
    const quick = await stream(watch.url);
    const long = "x".repeat(1_900);
    for (let at = 1; at <= 2_000; at += 1) {
      write({ atUs: at * 1_000_000 - 1, event: "boot-log", name: "line", text: `${at} ${long}` });
      write(cutVerdict(at, at * 1_000_000, { found: `${at} ${long}` }));
    }
    await quick.has('"check":"cut 2000"');
    expect(slow.text()).not.toContain('"check":"cut 2000"');
    write(FINISHED);
    await watch.end();
    await quick.over();
    expect(quick.text()).toContain("event: over");
    slow.answer.destroy();
  });

  test("serves the report so far as a file of its own", async () => {
    const { status, body } = await asked(`${watch.url}report.html`);
    expect(status).toBe(200);
    expect(body).toContain("encrypted-upgrade on twin");
  });

  test("takes sixteen browsers at one time, and tells the seventeenth so", async () => {
    const all = await Promise.all(Array.from({ length: 16 }, () => stream(watch.url)));
    expect((await asked(`${watch.url}events`)).status).toBe(503);
    for (const { answer } of all) answer.destroy();
  });

  test("on a port that is taken is an error of the request, that says what to do", async () => {
    const port = Number(new URL(watch.url).port);
    await expect(opened(port)).rejects.toMatchObject({ kind: "configuration", exitCode: 2 });
    await expect(opened(port)).rejects.toThrow(`port ${port} is taken`);
  });
});
