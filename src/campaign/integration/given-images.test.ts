import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DEFAULT_BOARD, imageCrypto, loadProfile, profileKeys } from "../../board/index.ts";
import { isHilError, Random } from "../../core/index.ts";
import {
  buildImage,
  FLAG,
  formatIntelHex,
  generateKey,
  generatePayload,
  loadPrivateKey,
  type PrivateKey,
  parseVersion,
  writeDfuZip,
} from "../../image/index.ts";
import { loadScenario, type RunOutcome, run } from "../index.ts";

const SUITE_MS = 600_000;
const folder = mkdtempSync(join(tmpdir(), "hil-given-"));
const board = await loadProfile(process.env["HIL_BOARD"] ?? DEFAULT_BOARD, { cwd: process.cwd() });
const keys = profileKeys(board);
const { slots, images } = board.profile;
const FILE = { type: "application", board: "nrf5340dk/nrf5340/cpuapp", soc: "nrf5340", modifiedUnixS: 0 };

function imageOf(
  version: string,
  wish: {
    readonly signing?: PrivateKey;
    readonly encrypt?: boolean;
    readonly body?: Uint8Array;
    readonly headerBytes?: number;
    readonly nonBootable?: boolean;
    readonly keyBits?: 128 | 256;
    readonly clear?: boolean;
  } = {},
): Uint8Array {
  const { signing, encrypt, body, headerBytes = images.headerBytes, nonBootable = false, ...how } = wish;
  const payload = generatePayload({
    random: Random.fromSeed(version),
    name: "given",
    version,
    bodyAddress: slots.primary.offset + images.headerBytes,
    bytes: 9000,
  });
  const crypto = imageCrypto(signing === undefined ? keys : { ...keys, signing }, encrypt);
  return buildImage(body ?? payload, {
    version: parseVersion(version),
    headerBytes,
    padHeader: true,
    nonBootable,
    ...crypto,
    ...(crypto.encryption && { encryption: { ...crypto.encryption, ...how } }),
  }).image;
}

function zipOf(bytes: Uint8Array, details: Readonly<Record<string, string | number>>): Uint8Array {
  return writeDfuZip([{ ...FILE, name: "app.signed.encrypted.bin", bytes, details }], { timeUnixS: 0 });
}

async function campaign(newVersion: string, newPayload: string, more = "", encrypt = true): Promise<RunOutcome> {
  const text = `schema: 1
name: given
images:
  old: { version: "1.0.0", payload: { image: ${encrypt ? "old.bin" : "old-plain.bin"} } }
  new: { version: "${newVersion}", payload: { ${newPayload} } }
  encrypt: ${encrypt}
${more === "" ? "cuts: { count: 1 }" : more}
`;
  writeFileSync(join(folder, "given.yaml"), text);
  return run({
    board,
    scenario: await loadScenario("./given.yaml", folder),
    seed: 5,
    runsRoot: join(folder, "runs"),
    version: "test",
    signal: new AbortController().signal,
  } as Parameters<typeof run>[0]);
}

async function complaint(work: Promise<RunOutcome>): Promise<string> {
  const outcome: unknown = await work.then(
    ({ error }) => error,
    (error: unknown) => error,
  );
  return isHilError(outcome) ? outcome.paragraph() : `no complaint: ${String(outcome)}`;
}

beforeAll(() => {
  writeFileSync(join(folder, "old.bin"), imageOf("1.0.0"));
  const next = imageOf("2.0.0");
  writeFileSync(join(folder, "new.bin"), next);
  writeFileSync(join(folder, "hex-called.bin"), formatIntelHex([{ address: slots.primary.offset, bytes: next }]));
  writeFileSync(join(folder, "raw.bin"), next.subarray(512));
  const place = { image_index: "0", slot_index_primary: "1", slot_index_secondary: "2" };
  const address = { load_address: slots.primary.offset + images.headerBytes };
  writeFileSync(join(folder, "dfu.zip"), zipOf(next, { ...place, ...address }));
  writeFileSync(join(folder, "net.zip"), zipOf(next, { image_index: "1" }));
  writeFileSync(join(folder, "slot.zip"), zipOf(next, { ...place, slot_index_primary: "3" }));
  writeFileSync(join(folder, "address.zip"), zipOf(next, { ...place, load_address: 0x0100_8800 }));
  writeFileSync(join(folder, "beside.zip"), zipOf(next, { ...place, load_address: slots.secondary.offset }));
  writeFileSync(join(folder, "old-plain.bin"), imageOf("1.0.0", { encrypt: false }));
  const own = generatePayload({
    random: Random.fromSeed("own"),
    name: "given",
    version: "2.0.0",
    bodyAddress: slots.primary.offset + images.headerBytes,
    bytes: 9000,
  });
  const otherCore = own.slice();
  new DataView(otherCore.buffer).setUint32(4, 0x0100_8b01, true);
  const compressed = imageOf("2.0.0", { encrypt: false });
  new DataView(compressed.buffer, compressed.byteOffset).setUint32(16, FLAG.COMPRESSED_LZMA2, true);
  const hexText = formatIntelHex([{ address: slots.primary.offset + images.headerBytes, bytes: own }]);
  for (const [name, bytes] of Object.entries({
    "own.hex": hexText,
    "hex.bin": hexText,
    "with-room.raw": Buffer.concat([new Uint8Array(images.headerBytes), own]),
    "non-bootable.bin": imageOf("2.0.0", { nonBootable: true }),
    "aes256.bin": imageOf("2.0.0", { keyBits: 256 }),
    "clear.bin": imageOf("2.0.0", { clear: true }),
    "lzma2.bin": compressed,
    "twice.bin": imageOf("2.0.0", { body: next }),
    "hex-signed.bin": imageOf("2.0.0", { body: Buffer.from(hexText) }),
    "short-header.bin": imageOf("2.0.0", { headerBytes: 32 }),
    "other-core.bin": imageOf("2.0.0", { body: otherCore }),
  })) {
    writeFileSync(join(folder, name), bytes);
  }
  const foreign = loadPrivateKey(generateKey("ecdsa-p256"));
  writeFileSync(join(folder, "foreign.bin"), imageOf("2.0.0", { signing: foreign }));
  writeFileSync(join(folder, "plain.bin"), imageOf("2.0.0", { encrypt: false }));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a campaign takes what was signed elsewhere", () => {
  test.each([["image: new.bin"], ["image: hex-called.bin"], ["dfu_zip: dfu.zip"]])(
    "%s is uploaded as it is, and judged like one that hil has signed",
    async (payload) => {
      const outcome = await campaign("2.0.0", payload);
      expect(outcome.error).toBeUndefined();
      expect(outcome.result.outcome).toBe("pass");
    },
    SUITE_MS,
  );

  test.each([
    [
      "2.0.0",
      "image: foreign.bin",
      /images\.new\.payload\.image names .*foreign\.bin, which this bootloader .* would refuse: it is signed with another key/,
    ],
    ["2.0.0", "image: plain.bin", /is not encrypted, and images\.encrypt says true/],
    ["3.0.0", "image: new.bin", /holds version 2\.0\.0\+0, and images\.new\.version says 3\.0\.0\+0/],
    ["2.0.0", "image: gone.bin", /which cannot be read/],
    ["2.0.0", "image: raw.bin", /it is no MCUboot image: it begins with .*Sign it first/],
    ["2.0.0", "image: dfu.zip", /it is a zip archive\. A DFU package is named by payload\.dfu_zip/],
    ["2.0.0", "dfu_zip: new.bin", /the zip archive cannot be read/],
    ["2.0.0", "dfu_zip: net.zip", /net\.zip, which cannot be used: it holds no image of the application/],
    ["2.0.0", "dfu_zip: slot.zip", /slot_index_primary 3; image 0 has 1/],
    ["2.0.0", "dfu_zip: beside.zip", /is for address 0x84000; the profile's primary slot is 0x10000/],
    ["2.0.0", "dfu_zip: address.zip", /is for image 0, and its address is 0x1008800, which is the network core/],
  ])("%s from %s is refused before a board is opened", async (version, payload, reason) => {
    expect(await complaint(campaign(version, payload))).toMatch(reason);
  });

  test.each([
    ["image: non-bootable.bin", true, /would refuse: its flags say NON_BOOTABLE \(0x10\)/],
    ["image: aes256.bin", true, /would refuse: it carries an AES-256 key, and this bootloader opens AES-128 keys/],
    ["image: clear.bin", true, /would refuse: its flags say encrypted and its body is stored in clear/],
    [
      "image: lzma2.bin",
      false,
      /would refuse: its flags say compressed \(0x400\), and this bootloader does not unpack/,
    ],
    ["image: twice.bin", true, /cannot run: behind its header is an MCUboot image/],
    ["image: hex-signed.bin", true, /cannot run: behind its header is Intel HEX text/],
    ["image: short-header.bin", true, /cannot run: no vector table can stand at 0x10020/],
    ["image: other-core.bin", true, /cannot run: its reset vector is 0x1008b01/],
    ["file: with-room.raw", true, /is a binary with room for a header/],
    ["file: hex.bin", true, /is Intel HEX text/],
    ["file: new.bin", true, /is an MCUboot image/],
    ["generate_bytes: 467000", true, /0x723[0-9a-f]{2} bytes; swap using move takes 0x72000 here/],
  ])("%s is no green run, with the reason", async (payload, encrypt, reason) => {
    expect(await complaint(campaign("2.0.0", payload, "", encrypt))).toMatch(reason);
  });

  test("a network core's image beside it is not dropped: a board without a slot for it is refused", async () => {
    const network = (what: string) => `  network:
    old: { version: "1.0.0", payload: { generate_bytes: 9000 } }
    new: { version: "2.0.0", payload: { ${what} } }
cuts: { count: 0 }`;
    expect(await complaint(campaign("2.0.0", "image: new.bin", network("generate_bytes: 9000")))).toMatch(
      /images\.network wants updates of the network core, and the board's profile has no slot/,
    );
  });
});

describe("what is expected not to go well is judged", () => {
  test(
    "an Intel HEX file is signed as the binary that it describes",
    async () => expect((await campaign("2.0.0", "file: own.hex")).result.outcome).toBe("pass"),
    SUITE_MS,
  );

  test.each([
    ["image: twice.bin", "expect: no boot", "pass", ["no boot", "reverted"]],
    ["image: other-core.bin", "expect: no boot\nrequest: permanent", "pass", ["no boot"]],
    ["image: new.bin", "expect: no boot", "fail", ["wrong image"]],
    ["image: foreign.bin", "expect: { refused: signed with another key }", "pass", ["kept"]],
  ])(
    "%s with %s: %s",
    async (payload, expected, result, endings) => {
      const { result: found, events, error } = await campaign("2.0.0", payload, `cuts: { count: 0 }\n${expected}`);
      expect(error).toBeUndefined();
      expect(found.outcome).toBe(result);
      expect(events.flatMap((event) => (event.event === "verdict" ? event.verdict.ending : []))).toEqual(endings);
    },
    SUITE_MS,
  );
});
