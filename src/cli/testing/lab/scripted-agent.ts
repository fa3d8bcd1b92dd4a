/**
 * A host of scripted boards, as a process: `node … LAB_URL DATA_FOLDER RUN_PROGRAM PROFILE …`, its token in HIL_LAB_TOKEN.
 * All of the agent is the real one; in place of `hil run` it starts a program that waits as long as a board would.
 */
import { loadProfile, locksFolder } from "../../../board/index.ts";
import { RealClock } from "../../../core/index.ts";
import { Agent, HostBoards, LabClient, openAgentFolder } from "../../../lab/index.ts";

const [url = "", folder = "", run = "", ...profiles] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
const note = (text: string) => void process.stderr.write(`${text}\n`);
try {
  const loaded = await Promise.all(profiles.map((name) => loadProfile(name, { cwd: "/" })));
  const lab = new LabClient(url, process.env["HIL_LAB_TOKEN"] ?? "");
  const boards = new HostBoards(loaded, (process.env["SCRIPTED_TAGS"] ?? "").split(" ").filter(Boolean), locksFolder());
  const own = openAgentFolder(folder, locksFolder());
  const program = ["/bin/sh", run] as const;
  await new Agent({ lab, boards, folder, ...own, program, clock: new RealClock(), note }).run(stop.signal);
} catch (error) {
  note(String(error));
  process.exitCode = 1;
}
