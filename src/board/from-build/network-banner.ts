import { formatVersion } from "../../image/index.ts";
import { type BuildFolder, definedIn, type Found, symbolOf } from "./build-folder.ts";
import type { BuildImage } from "./build-images.ts";

const NETWORK_IMAGE = 1;

/** How the network core's log tells what it runs; and if it does not, why, as a sentence. */
interface NetworkBanner {
  /** For `ports.net.version`. */
  readonly pattern?: Found<string> | undefined;
  readonly note?: string | undefined;
}

/**
 * The line with which an application of nRF Connect SDK begins, where it has a name and a version of its own. It is a
 * witness only where the version in it is that of the image: the judge compares the two.
 * Source: sdk-nrf lib/boot_banner/banner.c, Kconfig NCS_APPLICATION_BOOT_BANNER_STRING.
 */
export function networkBannerOf(build: BuildFolder, images: readonly BuildImage[]): NetworkBanner {
  const { network, folder } = build;
  if (network === undefined || symbolOf(network, "UART_CONSOLE") === undefined) return {};
  const name = symbolOf(network, "NCS_APPLICATION_BOOT_BANNER_STRING");
  const own = definedIn(network, "app_version.h", "APP_VERSION_STRING", folder);
  const silent = "Nothing in the build says how the network core's log tells its version (ports.net.version)";
  const instead = "MCUboot's log, or what the application says, is the witness of its updates.";
  if (name === undefined || own === undefined) return { note: `${silent}: ${instead}` };
  const image = images.find(({ imageIndex }) => imageIndex === NETWORK_IMAGE);
  const signed = image && formatVersion(image.parsed.header.version);
  const [version = ""] = /^\d+\.\d+\.\d+/.exec(own.value) ?? [];
  if (image !== undefined && signed?.split("+")[0] !== version) {
    const differs = `its banner says ${own.value} (${own.from}), ${image.file} says ${signed}`;
    return { note: `${silent}: ${differs}. ${instead}` };
  }
  const pattern = String.raw`\*\*\* Booting ${escaped(name.value)} v(?<version>\d+\.\d+\.\d+)`;
  return { pattern: { value: pattern, from: name.from } };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
