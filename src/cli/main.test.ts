import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { InterruptedError } from "../core/index.ts";
import { mainIn } from "./main.ts";
import { memoryIo } from "./testing/memory-io.ts";

const COMMANDS = ["run", "replay", "twin", "smp", "image", "ports"];

async function hil(...argv: string[]) {
  const io = memoryIo();
  const code = await mainIn(io, argv);
  return { code, out: io.printed(), err: io.complained(), folder: io.cwd };
}

describe("hil", () => {
  test.each([["--help"], ["-h"], ["help"]])("%s lists the commands and the exit codes", async (flag) => {
    const { code, out, err } = await hil(flag);
    expect([code, err]).toEqual([0, ""]);
    for (const name of COMMANDS) expect(out).toContain(`hil ${name}`);
    expect(out).toContain("0 pass, 1 a verdict or check failed, 2 wrong request, 3 the bench failed, 4 interrupted");
  });

  test("without a command prints the same, and is a wrong request", async () => {
    const { code, out } = await hil();
    expect(code).toBe(2);
    expect(out).toBe((await hil("--help")).out);
  });

  test.each([["--version"], ["version"]])("%s prints the package's version alone", async (flag) => {
    const manifest: { version: string } = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    );
    expect(await hil(flag)).toMatchObject({ code: 0, out: `${manifest.version}\n`, err: "" });
  });

  test("names the command that was probably meant", async () => {
    expect(await hil("rnu")).toMatchObject({
      code: 2,
      out: "",
      err: 'hil: no command "rnu". Did you mean "hil run"?\n',
    });
  });

  test("names the option that was probably meant", async () => {
    expect((await hil("--verison")).err).toBe("hil: unknown option --verison. Did you mean --version?\n");
    expect(await hil("--frobnicate")).toMatchObject({
      code: 2,
      err: "hil: unknown option --frobnicate. See hil --help.\n",
    });
  });

  test("help COMMAND is COMMAND --help", async () => {
    expect(await hil("help", "run")).toMatchObject({ code: 0, out: (await hil("run", "--help")).out, err: "" });
    expect((await hil("help", "rnu")).err).toBe('hil: no command "rnu". Did you mean "hil run"?\n');
  });

  test("help does not call a number or a file text", async () => {
    expect((await hil("run", "--help")).out).not.toContain("[string]");
  });

  test("lists the commands when none is near", async () => {
    const { code, err } = await hil("frobnicate");
    expect(code).toBe(2);
    expect(err).toMatch(/^hil: no command "frobnicate"\. The commands are run, replay, .*ports, completion\.\n$/);
  });

  test.each(COMMANDS)("%s explains itself with --help", async (name) => {
    const { code, out, err } = await hil(name, "--help");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`hil ${name}`);
  });
});

describe("exit codes", () => {
  test("2 for a wrong option and for a file that cannot be used", async () => {
    expect((await hil("run", "--frobnicate")).code).toBe(2);
    expect(await hil("run", "gone.yaml")).toMatchObject({ code: 2, err: expect.stringContaining("gone.yaml") });
    expect((await hil("replay", "gone")).code).toBe(2);
  });

  test("1 for a check that failed", async () => {
    const io = memoryIo();
    writeFileSync(join(io.cwd, "no-image.bin"), new Uint8Array(100));
    expect(await mainIn(io, ["image", "verify", "no-image.bin"])).toBe(1);
  });

  test("3 for a bench that is not there", async () => {
    const { code, err } = await hil("smp", "echo", "hello", "--port", "/dev/not-there");
    expect(code).toBe(3);
    expect(err).toContain("/dev/not-there");
  });

  test("4 for an interruption", async () => {
    const signal = AbortSignal.abort(new InterruptedError("interrupted by SIGINT; the bench is left safe."));
    const io = memoryIo({ signal });
    expect(await mainIn(io, ["run", "--cuts", "0"])).toBe(4);
    expect(io.complained()).toContain("interrupted by SIGINT");
  });

  test("3 for an error that hil does not know, which says how to see where it came from", async () => {
    const io = memoryIo({
      out: () => {
        throw new RangeError("nobody thought of that");
      },
    });
    expect(await mainIn(io, ["--version"])).toBe(3);
    expect(io.complained()).toBe(
      "hil: nobody thought of that\nThis is not an error that hil knows; --debug prints where it came from.\n",
    );
  });
});

describe("--debug", () => {
  test("prints the stack and the causes of an error, and without it there is one paragraph", async () => {
    const io = memoryIo();
    writeFileSync(join(io.cwd, "replay.json"), "{");
    expect(await mainIn(io, ["replay", "replay.json"])).toBe(2);
    expect(io.complained().trimEnd().split("\n")).toHaveLength(1);
    expect(await mainIn(io, ["replay", "replay.json", "--debug"])).toBe(2);
    expect(io.complained()).toMatch(/ at .*replay\.ts/);
    expect(io.complained()).toContain("[cause]: SyntaxError");
  });
});
