import { expect, test } from "@jest/globals";
import { generateKey, loadPrivateKey, SWAP_MODES, slotImageBytesMax, TLV } from "../../image/index.ts";
import { bootloaderBuild, generation, imageBytesLimit } from "../../mcuboot/index.ts";

const key = loadPrivateKey(generateKey("ecdsa-p256"));
const CASES = SWAP_MODES.flatMap(({ name: mode }) =>
  ([0, 16, 32] as const).flatMap((aesKeyBytes) =>
    [
      { slotBytes: 0x40000, secondarySlotBytes: 0x40000 },
      { slotBytes: 0xe0000, secondarySlotBytes: 0xe0000 },
      ...(mode === "move" ? [{ slotBytes: 0x76000, secondarySlotBytes: 0x75000 }] : []),
      ...(mode === "offset" ? [{ slotBytes: 0x75000, secondarySlotBytes: 0x76000 }] : []),
    ].map((slots) => ({ mode, aesKeyBytes, ...slots })),
  ),
);

test.each(CASES)(
  "sign --swap-mode $mode agrees with the modelled bootloader: slots of $slotBytes and $secondarySlotBytes bytes, keys of $aesKeyBytes",
  ({ mode, aesKeyBytes, slotBytes, secondarySlotBytes }) => {
    const build = bootloaderBuild({
      generation: generation("2.2.0"),
      mode,
      images: [
        {
          primary: { offset: 0x10000, bytes: slotBytes },
          secondary: { offset: 0x10000 + slotBytes, bytes: secondarySlotBytes },
        },
      ],
      scratch: { offset: 0x10000 + 2 * slotBytes, bytes: 0x2000 },
      maxImgSectors: 256,
      signature: { key, hash: "sha256" },
      ...(aesKeyBytes === 0 ? {} : { encryption: { key, tlvType: TLV.ENCEC256, aesKeyBytes, saveTlv: false } }),
    });
    const slots = { slotBytes, secondarySlotBytes };
    const pair = { mode, ...slots, sectorBytes: 4096, writeBytes: 4, maxAlign: 8, maxSectors: 256 } as const;
    expect(slotImageBytesMax({ ...pair, keySlotBytes: aesKeyBytes })).toBe(imageBytesLimit(build, 0));
  },
);
