import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "hil-jest-";

/**
 * Before all tests: one folder for the temporary files of this run, named by its process; its workers and the programs
 * that they start inherit it. Folders of runs that were killed go now.
 */
export default function makeFolder() {
  const top = tmpdir();
  for (const name of readdirSync(top)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isRunning(pid)) rmSync(join(top, name), { recursive: true, force: true });
  }
  const folder = join(top, `${PREFIX}${process.pid}`);
  // Programs of other users have to get through, in tests of machines that are shared.
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  process.env.TMPDIR = folder;
  process.env.HIL_TEST_FOLDER = folder;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
