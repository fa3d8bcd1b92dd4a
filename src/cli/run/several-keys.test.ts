import { createPublicKey } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseProfile, profileKeys } from "../../board/index.ts";
import { signedImage } from "../../campaign/testing/signed-files.ts";
import { smallProfile } from "../../campaign/testing/small-campaign.ts";
import { generateKey, loadPrivateKey, loadPublicKey } from "../../image/index.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { replayCommand } from "./replay.ts";
import { runCommand } from "./run.ts";

const FIELD = /signing: "?builtin:twin-sign-p256.pem"?/;
const PEMS = { fresh: generateKey("ecdsa-p256"), stranger: generateKey("ecdsa-p256") };

/** A board whose bootloader takes the test key and the public half of another one, which signed new.bin. */
function lab({ signer = "fresh" }: { readonly signer?: keyof typeof PEMS } = {}) {
  const io = memoryIo();
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(io.cwd, name), content);
  write("fresh-pub.pem", createPublicKey(PEMS.fresh).export({ format: "pem", type: "spki" }));
  write("signer.pem", PEMS[signer]);
  const text = (keys: string) => smallProfile().text.replace(FIELD, `signing: ${keys}`);
  write("small.yaml", text("[builtin:twin-sign-p256.pem, fresh-pub.pem]"));
  write("old.bin", signedImage(profileKeys(smallProfile()), "1.0.0"));
  const signing = parseProfile(text("signer.pem"), join(io.cwd, "signer.yaml"));
  write("new.bin", signedImage(profileKeys(signing), "2.0.0"));
  return io;
}

describe("a bootloader that takes several keys", () => {
  test("runs what any of them signed; console, record and dry run say which one it was", async () => {
    const io = lab();
    expect(await runCommand(["old.bin", "new.bin", "--board", "small.yaml", "--cuts", "2"], io)).toBe(0);
    expect(io.printed()).toContain("ECDSA P-256, one of 2 keys");
    expect(io.printed()).toContain("signed by builtin:twin-sign-p256.pem and fresh-pub.pem");
    const [run = ""] = readdirSync(join(io.cwd, "runs"));
    const events = readFileSync(join(io.cwd, "runs", run, "events.jsonl"), "utf8");
    expect(events).toMatch(/"version":"1\.0\.0"[^}]*"signedBy":"builtin:twin-sign-p256\.pem"/);
    expect(events).toMatch(/"version":"2\.0\.0"[^}]*"signedBy":"fresh-pub\.pem"/);
    const dry = memoryIo({ cwd: io.cwd });
    await runCommand(["old.bin", "new.bin", "--board", "small.yaml", "--dry-run"], dry);
    expect(dry.printed()).toContain("signed by fresh-pub.pem, encrypted");
  });

  test("keeps the public halves in its record, which is enough to run it again elsewhere", async () => {
    const io = lab();
    await runCommand(["old.bin", "new.bin", "--board", "small.yaml", "--cuts", "2"], io);
    const other = memoryIo();
    const [run = ""] = readdirSync(join(io.cwd, "runs"));
    mkdirSync(join(other.cwd, "runs"));
    renameSync(join(io.cwd, "runs", run), join(other.cwd, "sent"));
    rmSync(io.cwd, { recursive: true });
    const kept = readFileSync(join(other.cwd, "sent/inputs/verifying-public-2.pem"), "utf8");
    expect(loadPublicKey(kept).publicBytes).toEqual(loadPrivateKey(PEMS.fresh).publicBytes);
    expect(await replayCommand(["sent"], other)).toBe(0);
    expect(other.printed()).toContain("images    as recorded, byte for byte");
  });

  test("refuses what none of them signed, before anything moves", async () => {
    const io = lab({ signer: "stranger" });
    const run = runCommand(["old.bin", "new.bin", "--board", "small.yaml", "--cuts", "2"], io);
    const text = expect.stringContaining("another key than this bootloader knows");
    expect(await complaintOf(run)).toEqual({ code: 2, text });
    expect(readdirSync(io.cwd)).not.toContain("runs");
  });
});
