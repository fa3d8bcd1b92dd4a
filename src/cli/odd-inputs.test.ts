import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Cleanup, RealClock } from "../core/index.ts";
import { generateKey } from "../image/index.ts";
import { SmpServer } from "../smp/index.ts";
import { mainIn } from "./main.ts";
import { type MemoryIo, memoryIo } from "./testing/memory-io.ts";
import { tcpBoard } from "./testing/tcp-board.ts";

const closing = new Cleanup();
const world = memoryIo();
const at = (...names: string[]) => join(world.cwd, ...names);
let port = "";

/** What a name may stand for in place of a file; none of it is read, and nothing waits for it. */
const ODD = ["pipe", "zero", "socket", "folder", "loop"] as const;

beforeAll(async () => {
  execFileSync("mkfifo", [at("pipe")]);
  symlinkSync("/dev/zero", at("zero"));
  symlinkSync("loop", at("loop"));
  mkdirSync(at("folder"));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
  closing.add("the socket", () => new Promise((resolve) => server.close(resolve)));
  writeFileSync(at("key.pem"), generateKey("ecdsa-p256"));
  writeFileSync(at("dec.pem"), generateKey("ecdsa-p256"));
  writeFileSync(at("body.bin"), new Uint8Array(900));
  await mainIn(world, [...SIGN, "body.bin", "good.bin"]);
  const lab = BOARD.replace("keys:", 'flasher: { tool: command, serial: "1", write: [./no, "{hex}"] }\nkeys:');
  writeFileSync(at("lab.yaml"), lab);
  port = await tcpBoard((transport) => new SmpServer({ transport, handlers: {} }), { clock: new RealClock(), closing });
});
afterAll(() => closing[Symbol.asyncDispose]());

const SIGN = "image sign -k key.pem --align 4 --version 1.0.0 --header-size 0x20 --pad-header --slot-size 0x4000".split(
  " ",
);
const BOARD = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: command, on: [./switch], off: [./switch], cuts: soc }
slots: { primary: { offset: 0x10000, bytes: 0x10000 }, secondary: { offset: 0x20000, bytes: 0x10000 } }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;

/** Every place of a command line that names a file which is read: `@`. What else it names is there, and good. */
const COMMANDS = [
  "run @",
  "run --board @",
  "run @ good.bin",
  "run good.bin @",
  "run --firmware @ --board emulated",
  "run --net @ --firmware good.bin --board emulated",
  "replay @",
  "replay @/replay.json",
  "report @",
  "runs list --runs @",
  "sweep @",
  "sweep --board @",
  "sweep --replay @",
  "explain @",
  "explain --board @ good.bin",
  "twin --board @",
  "emulate @",
  "emulate good.bin --net @",
  "emulate good.bin --board @",
  "board check --board @",
  "board check --board lab.yaml --build @",
  "board console --board @",
  "board power --board @ off",
  "board flash --board lab.yaml @",
  "board recover --board @",
  "board calibrate --board @",
  "init --yes --from-build @",
  "init --yes --from-twister @",
  "init --yes --from-labgrid @",
  "smp image upload @",
  "smp upgrade @",
  "smp fs upload @ /lfs1/a",
  "image sign INFILE=@",
  "image sign --key @",
  "image sign --custom-tlv-file 0xa0 @",
  "image sign --manifest @",
  "image sign --encrypt @",
  "image sign --fix-sig @ --fix-sig-pubkey key.pem",
  "image sign --fix-sig good.bin --fix-sig-pubkey @",
  "image sign --password-file @ --key protected.pem",
  "image verify @",
  "image verify --key @ good.bin",
  "image verify --decrypt-key @ good.bin",
  "image verify --payload @ good.bin",
  "image dumpinfo @",
  "image decrypt --decrypt-key dec.pem @ out.bin",
  "image decrypt --decrypt-key @ good.bin out.bin",
  "image rekey --decrypt-key dec.pem -E dec.pem @ out.bin",
  "image rekey --decrypt-key @ -E dec.pem good.bin out.bin",
  "image rekey --decrypt-key dec.pem -E @ good.bin out.bin",
  "image diff @ good.bin",
  "image diff good.bin @",
  "image diff --decrypt-key @ good.bin good.bin",
  "image mutate --key key.pem @ mutants",
  "image mutate --key @ good.bin mutants",
  "image getpub --key @",
  "image getpubhash --key @",
  "image getpriv --key @",
  "image keyinfo --key @",
  "image zip list @",
  "image zip extract @ out",
  "image zip create out.zip @",
] as const;

/** Commands for which any folder is right. */
const FOLDERS: readonly string[] = ["runs list --runs @"];

function argvOf(command: string, name: string): string[] {
  const argv = command.replace("INFILE=@", "@").replaceAll("@", name).split(" ");
  if (!command.startsWith("image sign")) return argv;
  const [, , ...own] = argv;
  return command.includes("--key")
    ? [...SIGN.toSpliced(2, 2), ...own, "body.bin", "out.bin"]
    : [...SIGN, ...own, ...(command.includes("INFILE") ? ["out.bin"] : ["body.bin", "out.bin"])];
}

async function ended(io: MemoryIo, argv: readonly string[]): Promise<readonly [number, string]> {
  return [await mainIn(io, argv), io.complained()];
}

describe.each(COMMANDS)("hil %s", (command) => {
  test("refuses what is no file, at once and as the wrong request", async () => {
    const codes = await Promise.all(
      ODD.filter((name) => name !== "folder" || !FOLDERS.includes(command)).map(async (name) => {
        const io = memoryIo({ cwd: world.cwd, env: { HIL_PORT: port, HIL_LOCKS: at("locks") } });
        const [code, said] = await ended(io, argvOf(command, name));
        return [name, code, said];
      }),
    );
    for (const [name, code, said] of codes) expect([name, code, said]).toEqual([name, 2, expect.stringMatching(/./)]);
  });
});
