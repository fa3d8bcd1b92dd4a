/** What a bootloader's processor spends on an image, by what it computes with. Times in microseconds, at 64 MHz. */
interface CryptoRow {
  readonly name: string;
  /** A check of hash and signature: so much, and so much a KiB, and never less than `floorUs`. */
  readonly checkUs: number;
  readonly hashKibUs: number;
  readonly floorUs: number;
  /** An image key unwrapped. */
  readonly unwrapUs: number;
  /** A KiB encrypted or decrypted, on top of what is done with it anyway. */
  readonly cipherKibUs: number;
  /** A KiB read and handed to the flash driver. */
  readonly copyKibUs: number;
  readonly source: string;
}

/** Where it has not been measured: one figure for a whole check, which no other work is known beside. */
const devZone = { checkUs: 0, hashKibUs: 1_375, floorUs: 150_000, unwrapUs: 0, cipherKibUs: 0, copyKibUs: 0 } as const;
const figure = "DevZone 118101 (a nRF5340, NCS 2.6.1: 1.1 s for 800 KiB, crypto not named), here never under 150 ms";

/** Crypto of a bootloader on the nRF5340's application core. Only rows that were measured have figures of their own. */
export const CRYPTO_TIMES = [
  {
    name: "tinycrypt",
    checkUs: 340_000,
    hashKibUs: 1_200,
    floorUs: 0,
    unwrapUs: 310_000,
    cipherKibUs: 7_500,
    copyKibUs: 220,
    source:
      "MCUboot 74c4d1c of Zephyr 3.4 for the nRF5340-DK, ECDSA P-256, ECIES P-256, AES-128: instructions counted in an " +
      "emulator, one a cycle; loads, branches and flash wait states add to that",
  },
  { name: "mbedtls", ...devZone, source: `${figure}; not measured` },
  { name: "cryptocell", ...devZone, source: `${figure}; not measured` },
  { name: "oberon", ...devZone, source: `${figure}; not measured` },
  { name: "other", ...devZone, source: figure },
] as const satisfies readonly CryptoRow[];

export type CryptoName = (typeof CRYPTO_TIMES)[number]["name"];

/** The row of a name. */
export function cryptoTimes(name: CryptoName): CryptoRow {
  const row = CRYPTO_TIMES.find((known) => known.name === name);
  if (row === undefined) throw new RangeError(`no crypto is named "${name}"`);
  return row;
}
