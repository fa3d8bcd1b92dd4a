import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { utf8 } from "../../../core/index.ts";
import { diskFiles, readNamed } from "./files.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hil-image-files-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

describe("files of image commands", () => {
  test("are written whole, relative to the working directory, and leave nothing else behind", () => {
    diskFiles(folder).write("out.bin", utf8("image"));
    expect(readFileSync(join(folder, "out.bin"), "utf8")).toBe("image");
    expect(readdirSync(folder)).toEqual(["out.bin"]);
  });

  test("when secret, are readable by their owner only", () => {
    diskFiles(folder).write("key.pem", utf8("key"), { secret: true });
    expect(statSync(join(folder, "key.pem")).mode & 0o077).toBe(0);
  });

  test("behind a link are replaced where they lie", () => {
    writeFileSync(join(folder, "real.bin"), "old");
    symlinkSync(join(folder, "real.bin"), join(folder, "link.bin"));
    diskFiles(folder).write("link.bin", utf8("new"));
    expect(readFileSync(join(folder, "real.bin"), "utf8")).toBe("new");
  });

  test("never take the place of a private key, which cannot be made again, but for another key", () => {
    const key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB";
    writeFileSync(join(folder, "key.pem"), key);
    symlinkSync(join(folder, "key.pem"), join(folder, "link.bin"));
    for (const name of ["key.pem", "link.bin"]) {
      expect(() => diskFiles(folder).write(name, utf8("image"))).toThrow(
        `${name} holds a private key, which would be lost`,
      );
    }
    expect(readFileSync(join(folder, "key.pem"), "utf8")).toBe(key);
    diskFiles(folder).write("key.pem", utf8("new"), { secret: true });
    expect(readFileSync(join(folder, "key.pem"), "utf8")).toBe("new");
  });

  test("that cannot be written are a request that names them, and no half file stays", () => {
    expect(() => diskFiles(folder).write("nowhere/out.bin", utf8("x"))).toThrow(/cannot write nowhere\/out.bin/);
    expect(() => diskFiles(folder).write(".", utf8("x"))).toThrow(/cannot write ./);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("that are devices are written to, not replaced", () => {
    diskFiles(folder).write("/dev/null", utf8("x"));
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("that cannot be read are named with what they were for", () => {
    expect(() => readNamed(diskFiles(folder), "k.pem", "key file")).toThrow("key file k.pem does not exist.");
    expect(() => readNamed(diskFiles(folder), ".", "key file")).toThrow("key file . is a folder.");
  });
});
