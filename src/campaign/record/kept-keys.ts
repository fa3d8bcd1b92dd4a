import { z } from "zod";
import { isKeyEverywhere, type LoadedProfile, profileKeys } from "../../board/index.ts";
import { hex } from "../../core/index.ts";
import { keyHash } from "../../image/index.ts";

/** The public signing key in a record's `inputs/`: what was signed can be checked with it. */
const SIGNING_KEY_FILE = "inputs/signing-public.pem";

/** A key of the profile, as replay.json tells of it: by its public half. */
export const KEY_FACTS_SCHEMA = z.strictObject({
  use: z.enum(["signing", "encryption"]),
  /** As the profile names it. */
  named: z.string(),
  /** SHA-256 of the public half, as a KEYHASH TLV has it; null for a key that has none. */
  public_sha256: z.string().nullable(),
  /** Where the record holds its public half; null: nowhere. */
  file: z.literal(SIGNING_KEY_FILE).nullable(),
});

export type KeyFacts = z.output<typeof KEY_FACTS_SCHEMA>;

/** Keys of a profile that are not on every machine. */
export function keyFacts(board: LoadedProfile): KeyFacts[] {
  const { signing, encryption } = profileKeys(board);
  const { keyNames } = board;
  const facts: KeyFacts[] = [];
  if (signing && !isKeyEverywhere(keyNames.signing)) {
    const public_sha256 = hex(keyHash(signing.public, "sha256"));
    facts.push({ use: "signing", named: keyNames.signing, public_sha256, file: SIGNING_KEY_FILE });
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
  const { signing } = profileKeys(board);
  if (!signing || isKeyEverywhere(board.keyNames.signing)) return [];
  return [
    { file: SIGNING_KEY_FILE, content: String(signing.public.keyObject.export({ format: "pem", type: "spki" })) },
  ];
}

function publicHash(key: NonNullable<ReturnType<typeof profileKeys>["encryption"]>["key"]): string | null {
  return key.role === "wrapping" ? null : hex(keyHash(key, "sha256"));
}
