/**
 * What imgtool does without a word and this program refuses, as nothing good can come of it on a device. Whoever needs
 * the very bytes (a test of a bootloader, an old build to repeat) asks for a trap by its name.
 * Source: measured on imgtool 2.4.0 and 2.5.0; peers/imgtool.test.ts compares.
 */
export const TRAPS = [
  {
    name: "no-key-tlv",
    what: "encrypt for a P-384 or Ed25519 key: the body's key stands nowhere, nobody can ever decrypt it",
  },
  {
    name: "plain-fallback",
    what: "compress and encrypt what does not get smaller: the body is written in clear, marked as encrypted",
  },
  { name: "rsa-3072", what: "encrypt for an RSA-3072 key: a key TLV that no bootloader accepts" },
] as const satisfies readonly { readonly name: string; readonly what: string }[];

export type TrapName = (typeof TRAPS)[number]["name"];
