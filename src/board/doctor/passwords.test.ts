import { expect, test } from "@jest/globals";
import { parseProfile } from "../profile/profile.ts";
import { pretendedMachine } from "../testing/pretended-machine.ts";
import { DOCTOR_CHECKS } from "./doctor.ts";

const profile = (address: string) =>
  parseProfile(
    `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: http, on: { url: "${address}", headers_env: { X: TOKEN } }, off: { url: "${address}" }, cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`,
    "/lab/lab.yaml",
  );

test("hil doctor tells of a password that everybody on the way can read, and of no other", async () => {
  const check = DOCTOR_CHECKS.find(({ id }) => id === "secrets");
  const around = { system: pretendedMachine({ env: { TOKEN: "x" } }), ports: [], usb: [] };
  const found = (address: string) => check?.look({ ...around, profiles: [profile(address)] });
  expect(await found("http://plug.example.org")).toEqual([
    {
      level: "note",
      where: "lab",
      what: "it sends a password to http://plug.example.org in clear, and that is no private network.",
      remedy: "Use https://, or put the switch into a network of its own.",
    },
  ]);
  expect(await found("https://plug.example.org")).toEqual([]);
  expect(await found("http://192.168.1.7")).toEqual([]);
});
