import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { equalBytes, Random } from "../../core/index.ts";
import { buildImage, formatIntelHex, parseVersion } from "../../image/index.ts";
import { emptyFolder } from "../testing/small-campaign.ts";
import { applicationPart } from "./image-part.ts";
import { readPayload } from "./payload-file.ts";
import { parseScenario } from "./scenario.ts";

const PLACE = { headerBytes: 512, bodyAddress: 0x10200 };
const BODY = Random.fromSeed(3).bytes(2_000);

/** A scenario whose old image has this payload, in a folder with a binary and with an image of that body. */
function scenarioWith(payload: string) {
  const folder = emptyFolder();
  writeFileSync(join(folder, "app.bin"), BODY);
  const { image } = buildImage(BODY, { version: parseVersion("1.2.3"), headerBytes: 512, padHeader: true });
  writeFileSync(join(folder, "app.signed.bin"), image);
  const hexAt = (address: number) => formatIntelHex([{ address, bytes: BODY }]);
  writeFileSync(join(folder, "app.hex"), hexAt(PLACE.bodyAddress));
  writeFileSync(join(folder, "elsewhere.hex"), hexAt(0x8200));
  writeFileSync(join(folder, "text.bin"), hexAt(0x10200));
  writeFileSync(join(folder, "room.bin"), Buffer.concat([new Uint8Array(512), BODY]));
  writeFileSync(join(folder, "app.elf"), Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46]), BODY]));
  writeFileSync(join(folder, "app.srec"), "S00F000068656C6C6F202020202000003C\r\nS9030000FC\r\n");
  writeFileSync(join(folder, "app.zip"), Buffer.concat([Buffer.from("PK\u0003\u0004"), BODY]));
  writeFileSync(join(folder, "empty.bin"), "");
  const text = `schema: 1
name: payloads
images:
  old: { version: "1.0.0", payload: { ${payload} } }
  new: { version: "2.0.0", payload: { generate_bytes: 2000 } }
`;
  return parseScenario(text, join(folder, "scenario.yaml"));
}

const read = (payload: string) => {
  const scenario = scenarioWith(payload);
  return readPayload(scenario, applicationPart(scenario, "old"), Random.fromSeed(1), PLACE);
};

test("a raw binary and the body of a signed image are the same payload", async () => {
  expect(equalBytes(await read("file: app.bin"), BODY)).toBe(true);
  expect(equalBytes(await read("body_of: app.signed.bin"), BODY)).toBe(true);
});

test("a payload that is made longer begins as it was, and its end is the same for a seed", async () => {
  const [longer, again] = [
    await read("body_of: app.signed.bin, append_bytes: 300"),
    await read("file: app.bin, append_bytes: 300"),
  ];
  expect(longer.length).toBe(BODY.length + 300);
  expect(equalBytes(longer.subarray(0, BODY.length), BODY)).toBe(true);
  expect(equalBytes(longer, again)).toBe(true);
});

test("a file of the cache that is not there is told with how to fetch it, another one with where its path starts", async () => {
  await expect(read('body_of: "cache:nowhere/app.bin"')).rejects.toMatchObject({
    kind: "configuration",
    message: expect.stringMatching(/line 4: images\.old\.payload\.body_of names .*nowhere\/app\.bin/),
    hint: expect.stringContaining("fetch-smp-servers"),
  });
  await expect(read("file: none.bin")).rejects.toMatchObject({
    hint: expect.stringContaining("relative to the scenario"),
  });
});

test("an Intel HEX file is the binary that it describes", async () => {
  expect(equalBytes(await read("file: app.hex"), BODY)).toBe(true);
});

test.each([
  ["app.signed.bin", /is an MCUboot image/, /payload\.image.*body_of/],
  ["text.bin", /is Intel HEX text/, /Name it \.hex/],
  ["room.bin", /room for a header/, /cut it off/],
  ["app.elf", /is an ELF file/, /\.bin or \.hex/],
  ["app.srec", /is Motorola S-record text/, /\.bin or \.hex/],
  ["app.zip", /is a zip archive/, /dfu_zip/],
  ["empty.bin", /is empty/, /Build it/],
  ["elsewhere.hex", /begins at 0x8200; behind its header it will lie at 0x10200/, /Link it/],
])("%s is no raw binary, and says what it is", async (file, message, hint) => {
  await expect(read(`file: ${file}`)).rejects.toMatchObject({
    kind: "configuration",
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
});

test("what is no image has no body", async () => {
  await expect(read("body_of: app.bin")).rejects.toThrow(
    /images\.old\.payload\.body_of names .*app\.bin, which cannot/,
  );
});
