/**
 * A lab's server whose wall clock is off: `node … FOLDER PORT DATABASE_URL OFF_MS`. What is the real server's own
 * command writes, its address and a token, it writes, too.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { locksFolder } from "../../../board/index.ts";
import { RealClock, wallTime, whenAborted } from "../../../core/index.ts";
import { openLab } from "../../../lab/index.ts";

const [folder = "", port = "0", databaseUrl, off = "0"] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
const note = (text: string) => void process.stderr.write(`hil: ${text}\n`);
await using lab = await openLab({
  ...{ folder, host: "127.0.0.1", port: Number(port), databaseUrl, note, hil: "0.0.0" },
  locks: locksFolder(),
  clock: new RealClock(),
  now: () => new Date(wallTime().getTime() + Number(off)),
});
await lab.access.remove("tester").catch(() => undefined);
const { token } = await lab.access.add({ name: "tester", role: "admin" });
writeFileSync(join(folder, "lab.json"), JSON.stringify({ url: lab.url, token }));
process.stdout.write("submit\n");
await whenAborted(stop.signal);
