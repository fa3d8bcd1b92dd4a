import { ConfigurationError, hexOf } from "../../core/index.ts";
import { type BuildFolder, type Found, placeOfSymbol } from "./build-folder.ts";
import type { BuildImage } from "./build-images.ts";
import { numberSet } from "./options.ts";

/** What a build says of the memory that images are copied to. */
export interface BuildRam {
  /** `bootloader.image_ram` as YAML writes it. */
  readonly memory: Found<string>;
  readonly start: number;
  readonly bytes: number;
  /** `images.load_address`. */
  readonly loadAddress: Found<number>;
}

/**
 * The memory of a bootloader that copies images to RAM, and where its application's image goes there.
 * @throws ConfigurationError where the build does not say one of them.
 * Source: MCUboot boot/zephyr/Kconfig (since 2.5 the values come from the chosen node mcuboot,image-ram).
 */
export function ramOf({ bootloader }: BuildFolder, images: readonly BuildImage[]): BuildRam {
  const start = numberSet(bootloader, ["BOOT_IMAGE_EXECUTABLE_RAM_START"]);
  const bytes = numberSet(bootloader, ["BOOT_IMAGE_EXECUTABLE_RAM_SIZE"]);
  if (start === undefined || bytes === undefined) {
    throw new ConfigurationError(
      `the build loads images into RAM, and does not say where: ${placeOfSymbol(bootloader, "BOOT_IMAGE_EXECUTABLE_RAM_START")}.`,
      "Several regions of RAM (CONFIG_MULTIPLE_EXECUTABLE_RAM_REGIONS) are not read: start from boards/twin-ram-load.yaml.",
    );
  }
  const image = images.find(({ imageIndex }) => imageIndex === 0);
  if (image === undefined) {
    throw new ConfigurationError(
      "the build loads images into RAM, and has no signed image that says to which address.",
      "Build the application with it (imgtool sign --load-addr), or start from boards/twin-ram-load.yaml.",
    );
  }
  return {
    memory: { value: `{ offset: ${hexOf(start.value)}, bytes: ${hexOf(bytes.value)} }`, from: start.from },
    start: start.value,
    bytes: bytes.value,
    loadAddress: { value: image.parsed.header.loadAddress, from: `${image.file}: its header` },
  };
}
