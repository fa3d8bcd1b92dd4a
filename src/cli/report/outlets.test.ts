import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RESULT_FORMATS } from "../../report/index.ts";
import { cutVerdict, recordFolder, STARTED } from "../../report/testing/record-folder.ts";
import { complaintOf, type MemoryIo, memoryIo } from "../testing/memory-io.ts";
import { reportCommand } from "./report.ts";
import { signature } from "./webhook.ts";

type Outcome = "pass" | "fail" | "error";

/** A night's record below `runs/` of a folder. */
function night(cwd: string, id: string, outcome: Outcome): string {
  const failed = outcome === "fail";
  const verdict = cutVerdict(1, 1_000_000, failed ? { pass: false, ending: "no boot", because: "it is bricked" } : {});
  const result = {
    outcome,
    cutsPlanned: 1,
    cutsJudged: 1,
    passed: failed ? 0 : 1,
    failed: failed ? 1 : 0,
    endings: {},
  };
  const failure = { atUs: 2, event: "failure", kind: "bench", text: "the relay is gone" };
  const events = outcome === "error" ? [STARTED, failure] : [STARTED, verdict];
  const folder = recordFolder([...events, { atUs: 9, event: "run-finished", result }], {
    "host.json": JSON.stringify({ began: `2026-11-${id}T01:00:00.000Z`, labels: { commit: "abc" } }),
  });
  mkdirSync(join(cwd, "runs"), { recursive: true });
  renameSync(folder, join(cwd, "runs", id));
  return join("runs", id);
}

const emptyFolder = () => mkdtempSync(join(tmpdir(), "hil-cli-"));

describe("--write", () => {
  let cwd = "";
  let run = "";

  beforeEach(() => {
    cwd = emptyFolder();
    run = night(cwd, "01", "fail");
  });

  test.each(RESULT_FORMATS.filter(({ variable }) => variable === undefined))(
    "$name writes where it says when no file is named",
    async ({ name, file }) => {
      const io = memoryIo({ cwd });
      expect(await reportCommand([run, "--write", name], io)).toBe(0);
      expect(io.printed()).toBe(`written   ${name}: ${file}\n`);
      expect(existsSync(join(cwd, file))).toBe(true);
      expect(existsSync(join(cwd, run, "report.html"))).toBe(false);
    },
  );

  test("takes a file, and several forms at once, with a page beside them where one is named", async () => {
    const io = memoryIo({ cwd });
    await reportCommand([run, "--write", "sarif=out/a=b.sarif", "--write", "badge=out/b.json", "-o", "p.html"], io);
    expect(["out/a=b.sarif", "out/b.json", "p.html"].map((name) => existsSync(join(cwd, name)))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test.each([
    ["sarfi", "Did you mean sarif?"],
    ["sarif=", "names no file"],
    ["badge=runs", "is a folder"],
    ["allure=runs/01/note.txt", "--write allure: runs/01/note.txt is a file. Name a folder."],
    ["github", "GITHUB_STEP_SUMMARY is not set"],
  ])("%s is refused before anything is read", async (text, said) => {
    writeFileSync(join(cwd, run, "note.txt"), "");
    const { text: complaint, code } = await complaintOf(reportCommand([run, "--write", text], memoryIo({ cwd })));
    expect(complaint).toContain(said);
    expect(code).toBe(2);
  });

  test("a place that cannot be written to is refused before anything is run", async () => {
    writeFileSync(join(cwd, "file"), "");
    const complaint = await complaintOf(reportCommand([run, "--write", "sarif=file/x.sarif"], memoryIo({ cwd })));
    expect(complaint.code).toBe(2);
    expect(complaint.text).toBe(`cannot write file/x.sarif: ${join(cwd, "file")} is a file, and no folder.`);
  });

  test.each([
    [["--write", "junit=a/x", "--write", "sarif=a/../a/x"], "junit and sarif would both be written to a/../a/x"],
    [["--write", "badge=p.html", "-o", "p.html"], "html and badge would both be written to p.html"],
    [["--lab", "--write", "junit"], "--write and --lab"],
    [["--lab", "--webhook", "https://example.com"], "--webhook and --lab"],
    [["--lab", "--notify", "always"], "--notify and --lab"],
    [["--nights", "5"], "--nights goes with --lab"],
  ])("%j is refused, as one of them would be lost", async (options, said) => {
    const { text, code } = await complaintOf(reportCommand([run, ...options], memoryIo({ cwd })));
    expect(text).toContain(said);
    expect(code).toBe(2);
  });

  test.each([
    [(folder: string) => ["--write", `junit=${folder}/events.jsonl`]],
    [(folder: string) => ["-o", `${folder}/run.json`]],
    [(folder: string) => ["--write", `sarif=${folder}/inputs/scenario.yaml`]],
  ])("no result takes the place of a file of a record: %s", async (options) => {
    for (const name of ["run.json", "inputs/scenario.yaml"]) {
      mkdirSync(join(cwd, run, "inputs"), { recursive: true });
      writeFileSync(join(cwd, run, name), "{}");
    }
    const filesOf = () =>
      ["events.jsonl", "run.json", "inputs/scenario.yaml"].map((name) => readFileSync(join(cwd, run, name), "utf8"));
    const before = filesOf();
    const { text, code } = await complaintOf(reportCommand([run, ...options(run)], memoryIo({ cwd })));
    expect(text).toContain("a part of a run's record");
    expect(code).toBe(2);
    expect(filesOf()).toEqual(before);
  });

  const KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n";
  const OTHERS = {
    "board.yaml": "name: lab-07\nprovider: nrf5340dk\n",
    "key.pem": KEY,
    "image.bin": "\u003d\ufffd\ufffd\u0096",
    "page.html": "<!doctype html>\n<title>Our lab</title>\n",
    "data.json": '{"build": 7}',
    "zephyr.hex": ":020000040000FA\n",
  };

  test.each(
    [
      ...RESULT_FORMATS.filter(({ isFolder }) => !isFolder).map(({ name }) => [`--write=${name}=`, ""] as const),
      ["-o", ""] as const,
    ].flatMap(([option]) => Object.keys(OTHERS).map((file) => [option, file] as const)),
  )("%s of a file that is somebody's work is refused, and leaves it: %s", async (option, file) => {
    const before = OTHERS[file as keyof typeof OTHERS];
    writeFileSync(join(cwd, file), before);
    const argv = option === "-o" ? ["-o", file] : [`${option}${file}`];
    const { text, code } = await complaintOf(reportCommand([run, ...argv], memoryIo({ cwd })));
    expect(text).toMatch(new RegExp(`^${file} exists, is no .*, and would be lost\\. Name another file`));
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, file), "utf8")).toBe(before);
  });

  test("replaces what itself has written, in every form, and an empty file", async () => {
    const argv = [run, "-o", "p.html", ...RESULT_FORMATS.map(({ name }) => `--write=${name}=out/${name}`)];
    mkdirSync(join(cwd, "out"));
    writeFileSync(join(cwd, "out", "sarif"), "");
    expect(await reportCommand(argv, memoryIo({ cwd }))).toBe(0);
    expect(await reportCommand(argv, memoryIo({ cwd }))).toBe(0);
  });

  test("removes what an earlier night left there, when this one cannot be read", async () => {
    writeFileSync(join(cwd, "hil.sarif"), '{ "version": "2.1.0", "runs": [] }');
    writeFileSync(join(cwd, run, "events.jsonl"), "");
    await complaintOf(reportCommand([run, "--write", "sarif"], memoryIo({ cwd })));
    expect(existsSync(join(cwd, "hil.sarif"))).toBe(false);
  });

  test("of a record that was cut off is written in every form, told, and ends with 3", async () => {
    const half = recordFolder([STARTED, cutVerdict(1, 1_000_000), "torn {"]);
    const io = memoryIo({ cwd });
    const forms = ["junit", "sarif", "gitlab", "allure", "badge"];
    expect(await reportCommand([half, ...forms.map((name) => `--write=${name}`)], io)).toBe(3);
    expect(io.complained()).toMatch(/UNFINISHED no last event[^]*1 lines of the record could not be read/);
    expect(JSON.parse(readFileSync(join(cwd, "gl-code-quality-report.json"), "utf8"))).toMatchObject([
      { check_name: "hil/unfinished" },
      { check_name: "hil/unreadable" },
    ]);
    expect(readFileSync(join(cwd, "junit.xml"), "utf8")).toContain('errors="2"');
  });

  test("github appends to the step's summary and prints annotations", async () => {
    const summary = join(cwd, "step.md");
    writeFileSync(summary, "# before\n");
    const io = memoryIo({ cwd, env: { GITHUB_STEP_SUMMARY: summary } });
    expect(await reportCommand([run, "--write", "github"], io)).toBe(0);
    expect(readFileSync(summary, "utf8")).toMatch(/^# before\n## ❌ encrypted-upgrade on twin\n/);
    expect(io.printed()).toMatch(/^::error title=encrypted-upgrade on twin%3A no boot::.*it is bricked/m);
  });

  test("github leaves a summary whole that has no room left, as GitHub would take none of it", async () => {
    const summary = join(cwd, "step.md");
    const before = "x".repeat(1_048_576 - 300);
    writeFileSync(summary, before);
    await reportCommand([run, "--write", "github"], memoryIo({ cwd, env: { GITHUB_STEP_SUMMARY: summary } }));
    const after = readFileSync(summary);
    expect(after.length).toBeLessThanOrEqual(1_048_576);
    expect(after.subarray(0, before.length).toString()).toBe(before);
  });

  test("with --json standard output stays one document", async () => {
    const io = memoryIo({ cwd, env: { GITHUB_STEP_SUMMARY: join(cwd, "s.md") } });
    await reportCommand([run, "--json", "--write", "github", "--write", "sarif"], io);
    expect(JSON.parse(io.printed())).toHaveLength(1);
    expect(io.complained()).toMatch(/^::error /m);
  });
});

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Told {
  readonly type: string;
  readonly data: {
    readonly runs: readonly { readonly id: string; readonly newlyRed: readonly unknown[]; readonly bench?: string }[];
  };
}

describe("--webhook", () => {
  let cwd = "";
  let got: Got[] = [];
  let status = 204;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += String(piece)));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  let url = "";

  beforeEach(async () => {
    cwd = emptyFolder();
    got = [];
    status = 204;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=5ecret`;
  });

  afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

  const report = async (run: string, more: readonly string[] = [], env: MemoryIo["env"] = {}) => {
    const io = memoryIo({ cwd, env });
    return { code: await reportCommand([run, "--write", "badge", "--webhook", url, ...more], io), io };
  };

  test("hears of what is newly red, signed, and of nothing else", async () => {
    const [first, second, third, fourth] = [
      night(cwd, "01", "pass"),
      night(cwd, "02", "fail"),
      night(cwd, "03", "fail"),
      night(cwd, "04", "pass"),
    ];
    await report(first);
    expect(got).toHaveLength(0);
    await report(second, [], { HIL_WEBHOOK_SECRET: "whsec_AAEC" });
    expect(got).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: "" }] = got;
    const { type, data } = JSON.parse(body) as Told;
    expect(type).toBe("hil.newly-red");
    expect(data.runs).toMatchObject([{ id: "02", outcome: "fail", labels: { commit: "abc" }, newlyRedCount: 1 }]);
    expect(data.runs[0]?.newlyRed).toMatchObject([{ because: "it is bricked" }]);
    const [id, timestamp] = [String(headers["webhook-id"]), String(headers["webhook-timestamp"])];
    expect(headers["webhook-signature"]).toBe(signature(Buffer.from([0, 1, 2]), id, timestamp, body));
    // Still red is no news, nor is green again.
    await report(third);
    await report(fourth);
    expect(got).toHaveLength(1);
  });

  test("hears of a bench that failed once, not every night", async () => {
    const [first, second] = [night(cwd, "01", "error"), night(cwd, "02", "error")];
    await report(first);
    await report(second);
    const all = got.map(({ body }) => JSON.parse(body) as Told);
    expect(all.map(({ data }) => data.runs[0]?.id)).toEqual(["01"]);
    expect(all[0]?.data.runs[0]?.bench).toContain("the relay is gone");
  });

  test("hears of every run with --notify always", async () => {
    await report(night(cwd, "01", "pass"), ["--notify", "always"]);
    expect(got.map(({ body }) => (JSON.parse(body) as Told).type)).toEqual(["hil.finished"]);
  });

  test("that refuses changes no exit code, and its address stands in no output", async () => {
    status = 403;
    const { code, io } = await report(night(cwd, "01", "fail"));
    expect(code).toBe(0);
    expect(io.complained()).toMatch(/^hil: the webhook at 127\.0\.0\.1:\d+ was not told: it answered 403\n$/);
    expect(io.printed() + io.complained()).not.toContain("5ecret");
  });

  test.each(["whsec_", "whsec_not base64"])("a secret that is no key signs nothing: %j", async (secret) => {
    const run = night(cwd, "01", "fail");
    const complaint = await complaintOf(report(run, [], { HIL_WEBHOOK_SECRET: secret }).then(({ code }) => code));
    expect(complaint.code).toBe(2);
    expect(complaint.text).toContain("HIL_WEBHOOK_SECRET holds no secret");
    expect(got).toHaveLength(0);
  });

  test("takes its address from a variable", async () => {
    const io = memoryIo({ cwd, env: { HOOK: url } });
    expect(await reportCommand([night(cwd, "01", "fail"), "--write", "badge", "--webhook", "env:HOOK"], io)).toBe(0);
    expect(got).toHaveLength(1);
  });

  test.each([
    [["--webhook", "ftp://example.com/5ecret"], "https://"],
    [["--webhook", "env:HOOK"], "HOOK is not set"],
    [["--notify", "sometimes"], "newly-red or always"],
    [["--mail", "a@example.com"], "HIL_SMTP_URL"],
    [["--mail", "a@example.com, b@example.com"], "one mail address"],
    [["--mail", "a@b\nBcc: c@d"], "one mail address"],
  ])("%j is refused before anything is read", async (options, said) => {
    const complaint = await complaintOf(reportCommand(["no-such-run", ...options], memoryIo({ cwd })));
    expect(complaint.text).not.toContain("5ecret");
    // A folder that is not there is found first by none of them.
    expect(complaint.text).toContain(said);
    expect(complaint.code).toBe(2);
  });
});
