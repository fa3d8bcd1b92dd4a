import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DEFAULT_BOARD, imageCrypto, loadProfile, profileKeys } from "../src/board/index.ts";
import { loadScenario, type RunOutcome, run } from "../src/campaign/index.ts";
import { isHilError, Random } from "../src/core/index.ts";
import {
  buildImage,
  formatIntelHex,
  generateKey,
  generatePayload,
  loadPrivateKey,
  type PrivateKey,
  parseVersion,
  writeDfuZip,
} from "../src/image/index.ts";

const SUITE_MS = 600_000;
const folder = mkdtempSync(join(tmpdir(), "hil-given-"));
const board = await loadProfile(process.env["HIL_BOARD"] ?? DEFAULT_BOARD, { cwd: process.cwd() });
const keys = profileKeys(board);
const { slots, images } = board.profile;
const FILE = { type: "application", board: "nrf5340dk/nrf5340/cpuapp", soc: "nrf5340", modifiedUnixS: 0 };

function imageOf(
  version: string,
  wish: { readonly signing?: PrivateKey; readonly encrypt?: boolean } = {},
): Uint8Array {
  const payload = generatePayload({
    random: Random.fromSeed(version),
    name: "given",
    version,
    bodyAddress: slots.primary.offset + images.headerBytes,
    bytes: 9000,
  });
  return buildImage(payload, {
    version: parseVersion(version),
    headerBytes: images.headerBytes,
    padHeader: true,
    ...imageCrypto(wish.signing === undefined ? keys : { ...keys, signing: wish.signing }, wish.encrypt),
  }).image;
}

function zipOf(bytes: Uint8Array, details: Readonly<Record<string, string | number>>): Uint8Array {
  return writeDfuZip([{ ...FILE, name: "app.signed.encrypted.bin", bytes, details }], { timeUnixS: 0 });
}

async function campaign(newVersion: string, newPayload: string, cuts = 1): Promise<RunOutcome> {
  const text = `schema: 1
name: given
images:
  old: { version: "1.0.0", payload: { image: old.bin } }
  new: { version: "${newVersion}", payload: { ${newPayload} } }
cuts: { count: ${cuts} }
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
  writeFileSync(join(folder, "new.hex"), formatIntelHex([{ address: slots.primary.offset, bytes: next }]));
  const place = { image_index: "0", slot_index_primary: "1", slot_index_secondary: "2" };
  const address = { load_address: slots.primary.offset + images.headerBytes };
  writeFileSync(join(folder, "dfu.zip"), zipOf(next, { ...place, ...address }));
  writeFileSync(join(folder, "net.zip"), zipOf(next, { image_index: "1" }));
  writeFileSync(join(folder, "slot.zip"), zipOf(next, { ...place, slot_index_primary: "3" }));
  writeFileSync(join(folder, "address.zip"), zipOf(next, { ...place, load_address: 0x0100_8800 }));
  const foreign = loadPrivateKey(generateKey("ecdsa-p256"));
  writeFileSync(join(folder, "foreign.bin"), imageOf("2.0.0", { signing: foreign }));
  writeFileSync(join(folder, "plain.bin"), imageOf("2.0.0", { encrypt: false }));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a campaign takes what was signed elsewhere", () => {
  test.each([["image: new.bin"], ["image: new.hex"], ["dfu_zip: dfu.zip"]])(
    "%s is uploaded as it is, and judged like one that hil has signed",
    async (payload) => {
      const outcome = await campaign("2.0.0", payload);
      expect(outcome.error).toBeUndefined();
      expect(outcome.result.outcome).toBe("pass");
    },
    SUITE_MS,
  );

  test.each([
    ["2.0.0", "image: foreign.bin", /images\.new\.payload\.image names .*foreign\.bin, which this bootloader .* would refuse: it is signed with another key/],
    ["2.0.0", "image: plain.bin", /is not encrypted, and images\.encrypt says true/],
    ["3.0.0", "image: new.bin", /holds version 2\.0\.0\+0, and images\.new\.version says 3\.0\.0\+0/],
    ["2.0.0", "image: gone.bin", /which cannot be read/],
    ["2.0.0", "dfu_zip: new.bin", /the zip archive cannot be read/],
    ["2.0.0", "dfu_zip: net.zip", /is for image 1, and campaigns upgrade image 0/],
    ["2.0.0", "dfu_zip: slot.zip", /slot_index_primary 3; image 0 has 1/],
    ["2.0.0", "dfu_zip: address.zip", /is for address 0x1008800; the profile's primary slot is 0x10000/],
  ])("%s from %s is refused before a board is opened", async (version, payload, reason) => {
    expect(await complaint(campaign(version, payload))).toMatch(reason);
  });
});
