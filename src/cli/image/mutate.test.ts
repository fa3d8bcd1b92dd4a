import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ImageFolder } from "../testing/image-folder.ts";

const SIGN = ["sign", "-H", "0x200", "--pad-header", "-S", "0x10000", "-v", "1.0.0", "-k", "sign.pem"];
const folder = new ImageFolder();
const run = folder.run.bind(folder);

beforeAll(async () => {
  folder.write("app.bin", Buffer.alloc(2000, 0x42));
  mkdirSync(join(folder.path, "bad"));
  for (const name of ["sign", "device"]) await run("keygen", "-k", `${name}.pem`, "-t", "ecdsa-p256");
  await run(...SIGN, "-E", "device.pem", "app.bin", "enc.bin");
});
afterAll(() => folder[Symbol.dispose]());

interface Listed {
  readonly file: string;
  readonly name: string;
  readonly outcome: string;
  readonly why: string;
}

describe("hil image mutate", () => {
  test("writes a file a mutant, and a list with what MCUboot must make of each and why", async () => {
    const ran = await run("mutate", "-k", "sign.pem", "--decrypt-key", "device.pem", "enc.bin", "bad");
    expect(ran).toMatchObject({ exit: 0, err: "" });
    expect(ran.out).toMatch(/^wrong-signing-key +refused and erased$/m);
    const list = JSON.parse(folder.read("bad/mutants.json").toString()) as { mutants: Listed[] };
    expect(list.mutants.length).toBeGreaterThan(60);
    expect(readdirSync(join(folder.path, "bad"))).toHaveLength(list.mutants.length + 1);
    expect(list.mutants.find((mutant) => mutant.name === "wrong-encryption-key")).toEqual({
      file: "wrong-encryption-key.bin",
      name: "wrong-encryption-key",
      outcome: "refused and erased",
      why: expect.stringContaining("boot_enc_decrypt"),
      runs: true,
    });
  });

  test("makes mutants that verify tells from the image they are of", async () => {
    const verify = ["verify", "-k", "sign.pem", "--decrypt-key", "device.pem"];
    const { mutants } = JSON.parse(folder.read("bad/mutants.json").toString()) as { mutants: Listed[] };
    const passed: string[] = [];
    for (const { file } of mutants) {
      if ((await run(...verify, `bad/${file}`)).exit === 0) passed.push(file);
    }
    // Right but for what only a bootloader with other options, or other slots, would mind. A plain body with the flag
    // is what --clear makes for a primary slot.
    expect(passed.sort()).toEqual(
      [
        "bytes-behind-the-image.bin",
        "downgrade.bin",
        "key-tlv-without-encrypted-flag.bin",
        "non-bootable.bin",
        "none.bin",
        "other-aes-length.bin",
        "other-cores-image.bin",
        "plain-and-signed.bin",
        "plain-body-flagged-encrypted.bin",
        "second-foreign-signature.bin",
        "unlisted-tlv.bin",
        "wrong-slot-address.bin",
      ].sort(),
    );
  });

  test("goes by the bootloader's build, and can be narrowed to a family", async () => {
    const keys = ["-k", "sign.pem", "--decrypt-key", "device.pem"];
    const one = await folder.json("mutate", ...keys, "--downgrade-prevention", "--only", "downgrade", "enc.bin", "bad");
    expect(one["mutants"]).toMatchObject([{ name: "downgrade", outcome: "refused and erased" }]);
    const none = await run("mutate", ...keys, "--only", "zebra", "enc.bin", "bad");
    expect(none.exit).toBe(2);
  });

  test.each([
    ["without the key of an encrypted image", ["-k", "sign.pem", "enc.bin", "bad"], 2, /need the key that opens it/],
    [
      "of an image that another key has signed",
      ["-k", "device.pem", "--decrypt-key", "device.pem", "enc.bin", "bad"],
      1,
      /does not verify/,
    ],
    [
      "into a folder that is not there",
      ["-k", "sign.pem", "--decrypt-key", "device.pem", "enc.bin", "nope"],
      2,
      /folder must exist/,
    ],
  ])("%s is refused with a reason", async (_, argv, exit, reason) => {
    const ran = await run("mutate", ...argv);
    expect(ran.exit).toBe(exit);
    expect(ran.err).toMatch(reason);
  });
});
