import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { loadProfile } from "../src/board/index.ts";
import { checkRequest, parseScenario } from "../src/campaign/index.ts";
import { isHilError, isKind } from "../src/core/index.ts";
import {
  buildImage,
  decodeHeader,
  ENCRYPTED_FLAGS,
  generateKey,
  loadPrivateKey,
  type Mutant,
  mutations,
  parseVersion,
} from "../src/image/index.ts";
import { QemuCuts } from "./qemu-cuts.ts";
import { missingFor } from "./smp-servers.ts";

/** The real MCUboot of the emulated board as the witness of admission: each image asked about, and really booted. */
const LIMIT_MS = 900_000;
const required = process.env["HIL_PEERS_SERVERS"] === "required";
const IMAGES = 24;
/** Its header contradicts the slot: it runs, and hil does not send it. */
const CONTRADICTS = "wrong-slot-address";
const BODY_OF = "cache:smp-servers-7.3.0/zephyr_4.4.0_smp_server_0eae053d_qemu_cortex_m0_serial.signed.bin";

/** All that only look wrong, one that cannot run, and as many bad ones, spread over the table. */
function chosen(image: Uint8Array): readonly Mutant[] {
  const signing = loadPrivateKey(generateKey("ecdsa-p256"));
  const { headerBytes, bodyBytes } = decodeHeader(image);
  const base = buildImage(image.slice(headerBytes, headerBytes + bodyBytes), {
    version: parseVersion("2.0.0"),
    headerBytes,
    padHeader: true,
    signer: { kind: "key", key: signing },
  }).image;
  const all = [...mutations(base, { signing }, { mode: "offset", tlvAllowList: true })].filter(
    ({ name }) => name !== CONTRADICTS,
  );
  const fine = all.filter(({ outcome }) => outcome === "accepted");
  const bad = all.filter(({ outcome }) => outcome !== "accepted");
  const wanted = IMAGES - fine.length;
  return [...fine, ...Array.from({ length: wanted }, (_, at) => bad[Math.floor((at * bad.length) / wanted)] as Mutant)];
}

const profile = await loadProfile("qemu-microbit", { cwd: "." });
const folder = mkdtempSync(join(tmpdir(), "hil-qemu-admission-"));

async function isAdmitted({ bytes }: Mutant): Promise<boolean> {
  writeFileSync(join(folder, "new.bin"), bytes);
  const { version, flags } = bytes.length < 32 ? { version: parseVersion("2.0.0"), flags: 0 } : decodeHeader(bytes);
  const { major, minor, revision, build } = version;
  const text = `schema: 1
name: admission
images:
  old: { version: "1.0.0", payload: { body_of: "${BODY_OF}" } }
  new: { version: "${major}.${minor}.${revision}+${build}", payload: { image: new.bin } }
  encrypt: ${(flags & ENCRYPTED_FLAGS) !== 0}
`;
  try {
    await checkRequest(parseScenario(text, join(folder, "x.yaml")), profile, { seed: 1 });
    return true;
  } catch (error) {
    if (isHilError(error) && error.exitCode === 2) return false;
    throw error;
  }
}

const missing = missingFor("qemu");
const run = missing === undefined || required ? test : test.skip;

run(
  `real MCUboot installs what hil admits, of ${IMAGES} images, and nothing else${missing ? `: ${missing}` : ""}`,
  async () => {
    const bench = await QemuCuts.of("qemu-upgrade");
    const wrong: string[] = [];
    let installed = 0;
    for (const mutant of chosen(bench.images.new.file)) {
      const { slots } = await bench.boot(bench.asked(mutant.bytes)).catch((error: unknown) => {
        // Of a processor that locks up QEMU makes an end of itself: what a board does then is nothing.
        if (mutant.runs || !isKind(error, "bench")) throw error;
        return { slots: [] };
      });
      const running = slots.find(({ flags }) => flags.includes("active"));
      const installs = running !== undefined && running.hash !== bench.images.old.hash;
      if (installs) installed += 1;
      const admitted = await isAdmitted(mutant);
      // A file that is cut off behind what this bootloader reads is installed; hil does not send what it cannot read.
      const isUnread = !admitted && mutant.outcome !== "accepted";
      if (admitted !== installs && !isUnread)
        wrong.push(`${mutant.name}: admitted ${admitted}, runs ${running?.version ?? "nothing"}`);
    }
    expect(wrong).toEqual([]);
    expect(installed).toBeGreaterThan(3);
  },
  LIMIT_MS,
);
