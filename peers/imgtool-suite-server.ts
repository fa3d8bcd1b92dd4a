// `hil image` for imgtool_suite.py: a line {argv, cwd} in, a line {exit, out, err, bytes} back.
import { createInterface } from "node:readline";
import { imageCommand } from "../src/cli/image/image.ts";

for await (const line of createInterface({ input: process.stdin })) {
  const { argv, cwd } = JSON.parse(line) as { argv: string[]; cwd: string };
  let out = "";
  let err = "";
  let bytes = new Uint8Array();
  const exit = await imageCommand(argv, {
    out: (text) => void (out += text),
    outBytes: (given) => void (bytes = new Uint8Array(given)),
    err: (text) => void (err += text),
    env: {},
    cwd,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  });
  process.stdout.write(`${JSON.stringify({ exit, out, err, bytes: Buffer.from(bytes).toString("hex") })}\n`);
}
