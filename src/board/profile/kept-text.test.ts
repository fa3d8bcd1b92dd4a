import { expect, test } from "@jest/globals";
import { keptProfileText } from "./kept-text.ts";
import { loadProfile, parseProfile } from "./profile.ts";

const BOARD = (power: string, flasher = "") => `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: ${power}
${flasher}
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;
const keptOf = (text: string) => keptProfileText(parseProfile(text, "/lab/lab.yaml"));

test.each([
  ["arguments of a switch's program", `{ driver: command, on: [./sw, s3cret], off: [./sw, "--t=s3cret"], cuts: soc }`],
  [
    "arguments of its question",
    "{ driver: command, on: [./sw], off: [./sw], status: { run: [./sw, s3cret], on: a, off: b }, cuts: soc }",
  ],
  ["arguments behind an alias", "{ driver: command, on: &a [./sw, s3cret], off: *a, cuts: soc }"],
  [
    "paths and questions of addresses",
    `{ driver: http, on: { url: "http://p/s3cret?t=s3cret" }, off: { url: "http://p" }, cuts: soc }`,
  ],
  ["headers", `{ driver: http, on: { url: "http://p", headers: { X: s3cret } }, off: { url: "http://p" }, cuts: soc }`],
  ["bodies", `{ driver: http, on: { url: "http://p", body: s3cret }, off: { url: "http://p" }, cuts: soc }`],
])("a record's profile does not hold %s, and can be read", (_, power) => {
  const kept = keptOf(BOARD(power));
  expect(kept).not.toContain("s3cret");
  expect(kept).toContain("withheld");
  expect(keptOf(kept)).toBe(kept);
});

test("nor arguments of a flasher's program, but for those that we give it", () => {
  const flasher = "flasher: { tool: command, write: [./flash, --key, s3cret, '{hex}', '{core}'] }";
  const kept = keptOf(BOARD("{ driver: command, on: [./sw], off: [./sw], cuts: soc }", flasher));
  expect(kept).not.toContain("s3cret");
  expect(parseProfile(kept, "/lab/lab.yaml").profile.flasher).toMatchObject({
    write: ["./flash", "withheld", "withheld", "{hex}", "{core}"],
  });
});

test("a profile that has none of it is kept byte for byte", async () => {
  for (const name of ["twin", "nrf5340dk-example"]) {
    const { text } = await loadProfile(name, { cwd: "/" });
    expect(keptProfileText({ text })).toBe(text);
  }
  const plain = BOARD(`{ driver: http, on: { url: "http://p" }, off: { url: "http://p/" }, cuts: soc }`);
  expect(keptOf(plain)).toBe(plain);
});
