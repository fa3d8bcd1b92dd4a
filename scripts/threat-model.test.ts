import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { mainIn } from "../src/cli/main.ts";
import { memoryIo } from "../src/cli/testing/memory-io.ts";

const read = (page: string) => readFileSync(new URL(`../docs/${page}`, import.meta.url), "utf8");
const PAGE = read("threat-model.md");

/** `$ npx hil sweep … # exit 1: U6`: what is run, how it ends, and what it shows. */
const COMMANDS = [...PAGE.matchAll(/^\$ npx hil (sweep .*?) +# exit (\d): (.*)$/gm)].map(
  ([, line = "", exit, shows = ""]) => ({
    line,
    exit: Number(exit),
    shows,
  }),
);

test.each(COMMANDS)("hil $line ends with $exit: $shows", async ({ line, exit, shows }) => {
  const io = memoryIo();
  expect([await mainIn(io, line.split(" ")), io.complained()]).toEqual([exit, ""]);
  if (exit === 1) expect(io.printed()).toContain(`known defect ${shows}`);
  else expect(io.printed()).not.toMatch(/leak|known defect/);
});

test("every defect on record that leaves a secret in clear stands in the threat model", () => {
  const rows = [...read("findings.md").matchAll(/^\| ([A-Z]+\d+) \|.*$/gm)];
  const leaking = rows.filter(([row]) => /plain text of|AES keys? in|decrypted image in/.test(row)).map(([, id]) => id);
  expect(leaking).toEqual(expect.arrayContaining(["U6", "U7", "R17"]));
  expect(leaking.filter((id) => !PAGE.includes(`[${id}](findings.md)`))).toEqual([]);
  expect(COMMANDS.map(({ exit }) => exit)).toEqual([1, 1, 1, 0]);
});

test("two updates of one firmware have one hash and, block by block, different bodies", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-threat-"));
  const hil = async (...argv: string[]) => {
    const io = memoryIo({ cwd: folder });
    expect([await mainIn(io, argv), io.complained()]).toEqual([0, ""]);
    return io.printed();
  };
  writeFileSync(
    join(folder, "app.bin"),
    Uint8Array.from({ length: 4_096 }, (_, at) => (at * 167 + (at >> 8)) & 0xff),
  );
  await hil("image", "keygen", "-k", "sign.pem", "-t", "ecdsa-p256");
  await hil("image", "keygen", "-k", "enc.pem", "-t", "ecdsa-p256");
  const told: { hash: string | undefined; version: string | undefined; file: Buffer }[] = [];
  for (const name of ["one.bin", "two.bin"]) {
    const shape = ["-v", "2.0.0", "-H", "0x200", "--pad-header", "-S", "0x20000"];
    await hil("image", "sign", "-k", "sign.pem", "-E", "enc.pem", ...shape, "app.bin", name);
    // Without any key: header and TLVs are not encrypted.
    const text = await hil("image", "dumpinfo", name);
    const [, version] = /^version: +(\S+)/m.exec(text) ?? [];
    const [, hash] = /SHA256 \(0x10\)[^]*?data: ((?:0x[0-9a-f]{2}\s*)+)/.exec(text) ?? [];
    told.push({ version, hash: hash?.replaceAll(/\s/g, ""), file: readFileSync(join(folder, name)) });
  }
  const [one, two] = told;
  expect(one?.version).toBe("2.0.0+0");
  expect(one?.hash?.length).toBeGreaterThan(100);
  expect(two?.hash).toBe(one?.hash);
  const blocks = (file: Buffer | undefined) =>
    Array.from({ length: 256 }, (_, at) => file?.subarray(0x200 + 16 * at, 0x210 + 16 * at).toString("hex"));
  const seen = new Set(blocks(one?.file));
  expect(blocks(two?.file).filter((block) => seen.has(block))).toEqual([]);
});
