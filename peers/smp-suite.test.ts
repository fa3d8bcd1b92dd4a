import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { buildSync } from "esbuild";
import { openBoard, parseProfile } from "../src/board/index.ts";
import { Random, VirtualClock } from "../src/core/index.ts";
import { SMP_SERVERS } from "./smp-servers.ts";
import { type SuiteServer, suiteProfile } from "./smp-suite-twin.ts";
import { PYTHON } from "./smp-tools.ts";

/**
 * smpclient's own integration tests, from its source distribution (`.ci/run install` fetches it), against the twin: the
 * suite's manifest says how a server is started, and here it says that the twin is. Without HIL_SMP_SUITE, of each kind
 * of server one: all of them take minutes (the nightly job smp-suite).
 * Against Zephyr itself 185 on framed UARTs pass and the rest skip themselves (measured on 7.3.0).
 */
const ARCHIVE = join(SMP_SERVERS.folder, `${SMP_SERVERS.name}-${SMP_SERVERS.version}.tar.gz`);
const SAMPLE = ["native_sim.serial_fs", "mps2_an385.serial_recovery_buf1024"];
const IS_WHOLE = (process.env["HIL_SMP_SUITE"] ?? "") !== "";
/** What Zephyr passes of them. */
const PASSED = IS_WHOLE ? 185 : 17;
/** Tests at once: most of their time they wait. */
const WORKERS = 4;
/** Without the files whose every test is about the other transports. */
const SUITE = [
  "tests/integration",
  "--ignore=tests/integration/test_udp.py",
  "--ignore=tests/integration/test_serial_raw.py",
];
const has = (...modules: string[]) => spawnSync(PYTHON, ["-c", `import ${modules.join(", ")}`]).status === 0;
const missing = !existsSync(ARCHIVE)
  ? "run `npx tsx peers/fetch-smp-servers.ts`"
  : has("smpclient", "pytest", "pytest_asyncio", "xdist")
    ? undefined
    : "install .ci/peers.txt into a venv and set HIL_PEERS_VENV to it";

interface ManifestRow extends SuiteServer {
  readonly artifact: string;
  readonly run: string | null;
  readonly qemu_cmd: string | null;
}

let root = "";
const bundle = resolve(".cache/smp-suite");

/** The suite in a folder of its own, with servers that are the twin. */
async function unpack(): Promise<void> {
  root = mkdtempSync(join(tmpdir(), "hil-smp-suite-"));
  const tar = spawnSync("tar", ["-xzf", ARCHIVE, "-C", root, "--strip-components=1"]);
  expect(tar.status).toBe(0);
  const fixtures = join(root, "tests/fixtures/smp-server");
  const rows = JSON.parse(readFileSync(join(fixtures, "manifest.json"), "utf8")) as ManifestRow[];
  const theirs = rows.filter(
    (row) => existsSync(join(fixtures, row.artifact)) && row.transport !== "udp" && row.transport !== "serial_raw",
  );
  rmSync(fixtures, { recursive: true });
  mkdirSync(fixtures);
  buildSync({
    entryPoints: ["peers/smp-suite-server.ts"],
    outdir: bundle,
    splitting: true,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outExtension: { ".js": ".mjs" },
    packages: "external",
    logLevel: "error",
  });
  const image = join(fixtures, "twin.bin");
  writeFileSync(image, await factoryImage(theirs[0]));
  const sums: string[] = [];
  const own = theirs.map((row) => {
    const command = [process.execPath, join(bundle, "smp-suite-server.mjs"), `'${JSON.stringify(row)}'`, image].join(
      " ",
    );
    writeFileSync(join(fixtures, row.artifact), row.artifact);
    sums.push(`${createHash("sha256").update(row.artifact).digest("hex")}  ${row.artifact}`);
    // The image that goes with a server is the one that runs on it.
    cpSync(image, join(fixtures, row.artifact.replace(/\.(merged\.)?\w+$/, ".signed.bin")));
    return { ...row, run: row.run && command, qemu_cmd: row.qemu_cmd && `${command} <PORT>` };
  });
  writeFileSync(join(fixtures, "SHA256SUMS"), `${sums.join("\n")}\n`);
  writeFileSync(join(fixtures, "manifest.json"), JSON.stringify(own));
}

/** What a twin runs when it is new. */
async function factoryImage(row: SuiteServer | undefined): Promise<Uint8Array> {
  if (row === undefined) throw new RangeError("smpclient's source package has no servers");
  const loaded = parseProfile(suiteProfile(row), join(root, "suite.yaml"));
  await using board = await openBoard(loaded, { random: Random.fromSeed(1), clock: new VirtualClock() });
  return board.factoryImage ?? new Uint8Array();
}

interface Tally {
  readonly passed: number;
  readonly skipped: number;
  /** Failed, and those whose server or client did not come up. */
  readonly wrong: readonly string[];
}

/**
 * The suite's deadlines are the machine's (a server must answer an echo within seconds of its start): what fails while
 * others work beside it is run once more, alone, and counts then.
 */
function suite(): Tally {
  const first = ran([...(IS_WHOLE ? [] : ["-k", SAMPLE.join(" or ")]), ...SUITE], WORKERS);
  if (first.wrong.length === 0) return first;
  const again = ran(
    first.wrong.map((name) => `tests/integration/${name}`),
    1,
  );
  return { passed: first.passed + again.passed, skipped: first.skipped, wrong: again.wrong };
}

function ran(chosen: readonly string[], workers: number): Tally {
  const argv = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-rfE", "-n", `${workers}`, ...chosen];
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  const { stdout } = spawnSync(PYTHON, argv, { cwd: root, encoding: "utf8", env });
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(stdout)?.[1] ?? 0);
  const wrong = [...stdout.matchAll(/^(?:FAILED|ERROR) \S*?(\w+\.py::\S.*)$/gm)].map(([, name = ""]) => name);
  return { passed: count("passed"), skipped: count("skipped"), wrong };
}

(missing === undefined ? describe : describe.skip)("smpclient's own integration tests", () => {
  beforeAll(unpack);
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
    rmSync(bundle, { recursive: true, force: true });
  });

  test("pass on the twin as they pass on Zephyr", () => {
    const { passed, skipped, wrong } = suite();
    process.stdout.write(`smpclient's own tests on the twin: ${passed} passed, ${skipped} skipped\n`);
    expect(wrong).toEqual([]);
    expect(passed).toBeGreaterThanOrEqual(PASSED);
  }, 1_200_000);
});

if (missing !== undefined) {
  test.skip(`smpclient's own integration tests: ${missing}`, () => {
    expect(missing).toBeUndefined();
  });
}
