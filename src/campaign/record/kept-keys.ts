import { z } from "zod";
import { isKeyEverywhere, type LoadedProfile, profileKeys } from "../../board/index.ts";
import { hex } from "../../core/index.ts";
import { keyHash } from "../../image/index.ts";

/** The public signing key in a record's `inputs/`: what was signed can be checked with it. */
const SIGNING_KEY_FILE = "inputs/signing-public.pem";
/** Public halves of the further keys that the bootloader takes: `inputs/verifying-public-2.pem`. */
const VERIFYING_KEY_FILE = /^inputs\/verifying-public-\d\.pem$/;

/** A key of the profile, as replay.json tells of it: by its public half. */
export const KEY_FACTS_SCHEMA = z.strictObject({
  use: z.enum(["signing", "verifying", "encryption"]),
  /** As the profile names it. */
  named: z.string(),
  /** SHA-256 of the public half, as a KEYHASH TLV has it; null for a key that has none. */
  public_sha256: z.string().nullable(),
  /** Where the record holds its public half; null: nowhere. */
  file: z.union([z.literal(SIGNING_KEY_FILE), z.string().regex(VERIFYING_KEY_FILE)]).nullable(),
});

export type KeyFacts = z.output<typeof KEY_FACTS_SCHEMA>;

/** Keys of a profile that are not on every machine. */
export function keyFacts(board: LoadedProfile): KeyFacts[] {
  const { signing, others, encryption } = profileKeys(board);
  const { keyNames } = board;
  const facts: KeyFacts[] = [];
  if (signing && !isKeyEverywhere(keyNames.signing)) {
    const public_sha256 = hex(keyHash(signing.public, "sha256"));
    facts.push({ use: "signing", named: keyNames.signing, public_sha256, file: SIGNING_KEY_FILE });
  }
  for (const [index, { name, key }] of others.entries()) {
    if (isKeyEverywhere(name)) continue;
    const public_sha256 = hex(keyHash(key, "sha256"));
    facts.push({ use: "verifying", named: name, public_sha256, file: verifyingFile(index) });
  }
  if (encryption && keyNames.encryption !== undefined && !isKeyEverywhere(keyNames.encryption)) {
    facts.push({
      use: "encryption",
      named: keyNames.encryption,
      public_sha256: publicHash(encryption.key),
      file: null,
    });
  }
  return facts;
}

/** Public keys for a record's `inputs/`; never a private one. */
export function keptKeys(board: LoadedProfile): readonly { readonly file: string; readonly content: string }[] {
  const { signing, others } = profileKeys(board);
  const all = [
    ...(signing ? [{ file: SIGNING_KEY_FILE, name: board.keyNames.signing, key: signing.public }] : []),
    ...others.map(({ name, key }, index) => ({ file: verifyingFile(index), name, key })),
  ];
  return all
    .filter(({ name }) => !isKeyEverywhere(name))
    .map(({ file, key }) => ({ file, content: String(key.keyObject.export({ format: "pem", type: "spki" })) }));
}

function verifyingFile(index: number): string {
  return `inputs/verifying-public-${index + 2}.pem`;
}

function publicHash(key: NonNullable<ReturnType<typeof profileKeys>["encryption"]>["key"]): string | null {
  return key.role === "wrapping" ? null : hex(keyHash(key, "sha256"));
}
