import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { PYTHON } from "./smp-tools.ts";

/**
 * imgtool's own tests, from its source distribution (`.ci/run install` puts them into the peers' environment), on the
 * real tool and on `hil image`. Where they are not at hand, this says so.
 */
const SUITE = join(process.env["HIL_PEERS_VENV"] ?? ".cache/peers", "imgtool-tests");
const isThere = existsSync(join(SUITE, "test_keys.py"));
const SERVER = [process.execPath, "--import", import.meta.resolve("tsx"), resolve("peers/imgtool-suite-server.ts")];

interface Tally {
  readonly passed: number;
  readonly failed: readonly string[];
}

function suite(env: Readonly<Record<string, string>>): Tally {
  const argv = [
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "imgtool_suite",
    "--tb=no",
    "-rf",
    resolve(SUITE),
  ];
  const more = { PYTHONPATH: resolve("peers"), PYTHONDONTWRITEBYTECODE: "1", ...env };
  const ran = spawnSync(PYTHON, argv, { encoding: "utf8", env: { ...process.env, ...more } });
  const failed = [...ran.stdout.matchAll(/^FAILED \S*?(\w+\.py::\S+)/gm)].map(([, name = ""]) => name);
  return { passed: Number(/(\d+) passed/.exec(ran.stdout)?.[1] ?? 0), failed: failed.toSorted() };
}

(isThere ? describe : describe.skip)("imgtool's own tests", () => {
  test("pass here wherever they pass on the real tool", () => {
    const [theirs, ours] = [suite({}), suite({ HIL_IMAGE_SERVER: SERVER.join(" ") })];
    expect(theirs.passed).toBeGreaterThan(250);
    expect(ours.failed.filter((name) => !theirs.failed.includes(name))).toEqual([]);
    expect(ours.passed).toBeGreaterThanOrEqual(theirs.passed);
  }, 600_000);
});

if (!isThere) {
  test.skip(`imgtool's own tests: put its source distribution's tests into ${SUITE} (.ci/run install)`, () => {
    expect(isThere).toBe(true);
  });
}
