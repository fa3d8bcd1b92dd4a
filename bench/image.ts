// Sign and encrypt 1 MiB, beside the real imgtool and a bare node, in one run: npx tsx bench/image.ts [ROUNDS]
// Build first (npm run build). imgtool is looked for in HIL_PEERS_VENV, else .cache/peers; without it only ours is
// shown.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Random, RealClock, ScratchFolder } from "../src/core/index.ts";
import { aesCtr, buildImage, digest, generateKey, loadPrivateKey, parseVersion } from "../src/image/index.ts";
import { BenchPlot } from "./plot.ts";

const PAYLOAD_BYTES = 1024 * 1024;
const WARM_UP_ROUNDS = 5;
const IN_PROCESS_ROUNDS = 60;
using plot = new BenchPlot("Sign and encrypt 1 MiB");
const rounds = Number(process.argv[2] ?? 15);
const bin = fileURLToPath(new URL("../bin/hil.js", import.meta.url));
const venv = resolve(process.env["HIL_PEERS_VENV"] ?? fileURLToPath(new URL("../.cache/peers", import.meta.url)));
const imgtool = join(venv, "bin", "imgtool");
const clock = new RealClock();
const folder = new ScratchFolder("bench").path;
const payload = Random.fromSeed("bench").bytes(PAYLOAD_BYTES);
const pems = { sign: generateKey("ecdsa-p256"), device: generateKey("ecdsa-p256") };
writeFileSync(join(folder, "app.bin"), payload);
writeFileSync(join(folder, "sign.pem"), pems.sign);
writeFileSync(join(folder, "device.pem"), pems.device);

const SIGN = [
  "sign",
  "-k",
  "sign.pem",
  "-E",
  "device.pem",
  "-H",
  "0x200",
  "--pad-header",
  "-S",
  "0x200000",
  "-v",
  "1.2.3",
];
const FILES = ["app.bin", "out.bin"];
/** imgtool's own work, without Python's start: its command is called again and again in one process. */
const IMGTOOL_IN_PROCESS = `
import sys, time, io, contextlib
from imgtool.main import imgtool
times = []
for _ in range(${IN_PROCESS_ROUNDS}):
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        imgtool(sys.argv[1:], standalone_mode=False)
    times.append((time.perf_counter() - start) * 1000)
print(" ".join(str(t) for t in times[${WARM_UP_ROUNDS}:]))
`;

function timedMs(work: () => void): number {
  const startUs = clock.nowUs();
  work();
  return (clock.nowUs() - startUs) / 1000;
}

function processMs(program: string, ...argv: readonly string[]): number {
  return timedMs(() => {
    const { status, stderr } = spawnSync(program, [...argv], { cwd: folder });
    if (status !== 0) throw new RangeError(`${program} ended with ${status}: ${stderr.toString()}`);
  });
}

function show(name: string, timesMs: readonly number[]): void {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1);
  plot.say(`${name.padEnd(44)} median ${at(0.5).padStart(6)} ms   (${at(0)} to ${at(0.9)} for nine of ten)`);
  plot.times(name, timesMs);
}

/** Repeats work in this process; the first rounds only warm up. */
function inProcess(work: () => void): number[] {
  return Array.from({ length: IN_PROCESS_ROUNDS }, () => timedMs(work)).slice(WARM_UP_ROUNDS);
}

function ours(): void {
  buildImage(payload, {
    version: parseVersion("1.2.3"),
    headerBytes: 0x200,
    padHeader: true,
    slotBytes: 0x200000,
    signer: { kind: "key", key: loadPrivateKey(pems.sign) },
    encryption: { key: loadPrivateKey(pems.device) },
  });
}

try {
  const hasPeer = existsSync(imgtool);
  plot.say(`machine  ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}`);
  if (hasPeer) plot.say(`imgtool  ${spawnSync(imgtool, ["version"]).stdout.toString().trim()} in ${venv}`);
  else plot.say(`imgtool  not found in ${venv}: only ours is measured (HIL_PEERS_VENV)`);
  plot.say("\nin process: ECDSA P-256 signature, ECIES P-256, AES-128-CTR over 1 MiB; keys read each time");
  show("  hil", inProcess(ours));
  if (hasPeer) {
    const python = spawnSync(join(venv, "bin", "python"), ["-c", IMGTOOL_IN_PROCESS, ...SIGN, ...FILES], {
      cwd: folder,
    });
    if (python.status !== 0) throw new RangeError(python.stderr.toString());
    show("  imgtool (with reading and writing files)", python.stdout.toString().trim().split(" ").map(Number));
  }
  plot.say("\nwhat of it cannot be less: one pass each of the primitives over 1 MiB");
  show(
    "  SHA-256",
    inProcess(() => void digest("sha256", payload)),
  );
  show(
    "  AES-128-CTR",
    inProcess(() => void aesCtr(new Uint8Array(16), payload, 0)),
  );
  show(
    "  a copy",
    inProcess(() => void Uint8Array.from(payload)),
  );
  plot.say("\nwhole process, turn by turn");
  const times = {
    bare: [] as number[],
    hil: [] as number[],
    hilSign: [] as number[],
    peer: [] as number[],
    peerSign: [] as number[],
  };
  for (let round = 0; round < rounds; round += 1) {
    times.bare.push(processMs(process.execPath, "-e", "0"));
    times.hil.push(processMs(process.execPath, bin, "image", "version"));
    times.hilSign.push(processMs(process.execPath, bin, "image", ...SIGN, ...FILES));
    if (!hasPeer) continue;
    times.peer.push(processMs(imgtool, "version"));
    times.peerSign.push(processMs(imgtool, ...SIGN, ...FILES));
  }
  show("  node -e 0", times.bare);
  show("  node bin/hil.js image version", times.hil);
  show("  node bin/hil.js image sign, 1 MiB", times.hilSign);
  if (hasPeer) show("  imgtool version", times.peer);
  if (hasPeer) show("  imgtool sign, 1 MiB", times.peerSign);
} finally {
  rmSync(folder, { recursive: true });
}
