// Uploads over a virtual air, ours beside smpclient[bumble], to one server (ours) through the same controllers:
// npx tsx bench/air.ts [KIBIBYTES] [ROUNDS]; HIL_NOBLE=FOLDER: noble, too, from its node_modules.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingBumbleClient, PYTHON } from "../peers/smp-tools.ts";
import { missingAir, virtualAir } from "../peers/virtual-air.ts";
import { ScratchFolder } from "../src/core/index.ts";
import { plainImage } from "../src/smp/testing/array-store.ts";
import { BenchPlot } from "./plot.ts";

interface Upload {
  readonly bytes: number;
  readonly seconds: number;
  /** Processor time of the client's process, in seconds. */
  readonly cpu: number;
}

using plot = new BenchPlot("Uploads over a virtual air");
const [, , kibibytes = "1024", rounds = "5"] = process.argv;
const missing = missingAir();
if (missing !== undefined) throw new RangeError(missing);
const image = plainImage({ version: [2, 0, 0], payloadBytes: Number(kibibytes) * 1024 - 72 });
const file = join(new ScratchFolder("air").path, "image.bin");
writeFileSync(file, image.file);

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const ours = (...argv: string[]) => [process.execPath, "--import", import.meta.resolve("tsx"), ...argv];

/** One upload by a program that says a line of JSON a step, over controllers and to a server that are new. */
async function upload(client: (adapter: string) => readonly string[]): Promise<Upload> {
  await using air = await virtualAir(2);
  const [adapter = "", radio = ""] = air.paths;
  const [node = "", ...argv] = ours(script("air-server.ts"), radio);
  const server = spawn(node, argv, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await new Promise((resolve) => server.stdout.once("data", resolve));
    const [program = "", ...rest] = client(adapter);
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    child.stdout.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0) throw new RangeError(`${program} ended with ${String(code)}`);
    const steps = said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { step: string; value: Upload });
    const found = steps.find(({ step }) => step === "upload")?.value;
    if (found === undefined) throw new RangeError(`${program} uploaded nothing`);
    return found;
  } finally {
    server.kill("SIGKILL");
  }
}

const CLIENTS: (readonly [string, (adapter: string) => readonly string[]])[] = [
  ["hil, window 3", (adapter) => ours(script("air-client.ts"), adapter, file, "3")],
  ["hil, one by one", (adapter) => ours(script("air-client.ts"), adapter, file, "1")],
  ...(missingBumbleClient() === undefined
    ? [
        [
          "smpclient[bumble]",
          (adapter: string) => [
            PYTHON,
            "peers/smp_upgrade.py",
            "smpclient-bumble",
            `board@${adapter}`,
            file,
            "--upload",
            "0",
          ],
        ] as const,
      ]
    : []),
];

const noble = process.env["HIL_NOBLE"];
if (noble !== undefined)
  CLIENTS.push(["noble, our client", (adapter) => ours(script("air-noble.ts"), adapter, file, "1")]);

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const found = new Map<string, Upload[]>(CLIENTS.map(([name]) => [name, []]));
for (let round = 0; round < Number(rounds); round += 1)
  for (const [name, client] of CLIENTS) found.get(name)?.push(await upload(client));
plot.say(
  `image    ${image.file.length} bytes; MTU 498, buffers 2475 x 4; medians of ${rounds}, in turn; best in brackets`,
);
for (const [name, uploads] of found) {
  const rates = uploads.map(({ bytes, seconds }) => bytes / 1024 / seconds);
  const costs = uploads.map(({ bytes, cpu }) => (cpu * (1 << 20)) / bytes);
  const best = Math.max(...rates).toFixed(0);
  plot.say(
    `  ${name.padEnd(20)}${median(rates).toFixed(0).padStart(6)} KiB/s (${best})  ${median(costs).toFixed(2)} s of processor a MiB`,
  );
}
