import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { program } from "../src/cli/testing/program.ts";
import { PYTHON } from "./smp-tools.ts";

const isThere = spawnSync(PYTHON, ["-c", "import pytest"]).status === 0;
const EXAMPLE = resolve("examples/pytest");

(isThere ? describe : describe.skip)(
  `pytest${isThere ? "" : ", SKIPPED: install .ci/peers.txt into HIL_PEERS_VENV"}`,
  () => {
    /** The plugin as pytest loads it from its entry point, without an installation. */
    const run = (...argv: readonly string[]) => {
      const env = { ...process.env, PYTHONPATH: EXAMPLE, PYTHONDONTWRITEBYTECODE: "1", HIL: "", HIL_BOARD: "" };
      const hil = `${process.execPath} ${program()}`;
      const more = ["-p", "pytest_mcuboot_hil", "-p", "no:cacheprovider", "-q", "-rA", "--hil", hil, ...argv];
      const { stdout, stderr, status } = spawnSync(PYTHON, ["-m", "pytest", ...more], { encoding: "utf8", env });
      return { said: `${stdout}${stderr}`, status };
    };

    test("runs the example on the twin: a good bootloader passes, a broken one is caught, a wrong request is an error", () => {
      const { said, status } = run("--hil-board", "twin", join(EXAMPLE, "tests"));
      expect(said).toMatch(/3 passed/);
      expect(status).toBe(0);
    }, 240_000);

    test("a test of a red run fails with the verdicts that are red, and one of a bench that is not there with its exit code", () => {
      const folder = mkdtempSync(join(tmpdir(), "hil-pytest-"));
      const file = join(folder, "test_red.py");
      const text = [
        "import pytest",
        "from pytest_mcuboot_hil import BenchFailed",
        "def test_red(hil, hil_records):",
        "    assert hil.run('encrypted-upgrade', cuts=1, fault='forget-keys', runs=hil_records)",
        "def test_bench(hil):",
        "    with pytest.raises(BenchFailed):",
        "        hil.smp('echo', 'x', port='tcp:127.0.0.1:1')",
      ].join("\n");
      writeFileSync(file, text);
      const { said, status } = run("--rootdir", folder, "--hil-board", "twin", file);
      expect(said).toMatch(/<fail: \d+ verdicts passed, 1 failed>/);
      expect(said).toMatch(/cut 1: found .*, expected /);
      expect(said).toMatch(/1 failed, 1 passed/);
      expect(status).toBe(1);
      rmSync(folder, { recursive: true });
    }, 120_000);
  },
);
