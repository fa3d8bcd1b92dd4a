import { hexOf } from "../../core/index.ts";
import {
  askUpgrade,
  type BootloaderBuild,
  firmwareFault,
  longerThanSlot,
  NET_APP,
  recogniseBootLine,
  refusalText,
} from "../../mcuboot/index.ts";
import { isOlderNetwork, NETWORK_IMAGE } from "../verdict/check-network.ts";
import { ExpectedFlash } from "../verdict/expected-flash.ts";
import { networkPart, type Role } from "./image-part.ts";
import { bodyOf, type CampaignImage } from "./images.ts";
import type { ScenarioFile } from "./scenario.ts";

/** What comes of an image of the network core once it is asked for. */
interface NetworkAnswer {
  readonly does: "update" | "refused" | "no boot";
  readonly because: string;
  /** The line about it that a board would print. */
  readonly line: string | undefined;
}

/** Where a scenario names an image of the network core: itself, or the package that it comes in. */
export function networkPath(scenario: ScenarioFile, role: Role): readonly string[] {
  return networkPart(scenario, role)?.path ?? ["images", role, "payload", "dfu_zip"];
}

/** What is wrong with an image of the network core, behind the field that names it. */
export function networkImageText(scenario: ScenarioFile, role: Role, text: string): string {
  if (networkPart(scenario, role) !== undefined) return text;
  return `brings an image of the network core, too, which ${text}`;
}

/** Why an image of the network core has no room on its way there, or there; undefined when it has. */
export function tooLongForNetCore(build: BootloaderBuild, { file, plain }: CampaignImage): string | undefined {
  const own = build.images[NETWORK_IMAGE];
  const slot = longerThanSlot(build, own === undefined ? 0 : NETWORK_IMAGE, 1, file.length);
  if (slot !== undefined) return refusalText(slot);
  const bytes = bodyOf(plain).length;
  if (bytes <= NET_APP.bytes) return undefined;
  return `${hexOf(bytes)} bytes of firmware; the network core has room for ${hexOf(NET_APP.bytes)} (${NET_APP.bytes / 1024} KiB)`;
}

/** Asks the model what the bootloader and the network core's own do with the new image of the network core. */
export function askNetwork(
  expected: ExpectedFlash,
  { from, to }: { readonly from: CampaignImage; readonly to: CampaignImage },
): NetworkAnswer {
  const image = to.network?.image;
  if (image === undefined) throw new RangeError("asked about an image of the network core that is not there");
  // What the network core runs stands in no slot: the judge's own rule says what its bootloader makes of a counter.
  if (isOlderNetwork(expected.build, { from, to })) {
    const because = `its counter is ${to.network?.counter}, and ${from.network?.counter} is there already`;
    return { does: "refused", because, line: "E: Insufficient version in secondary slot" };
  }
  const view = expected.networkView();
  return view === undefined ? inOwnSlot(expected, from, to, image) : inSharedSlot(view, from, image);
}

function inOwnSlot(
  { build, timing }: ExpectedFlash,
  from: CampaignImage,
  to: CampaignImage,
  image: CampaignImage,
): NetworkAnswer {
  const asked = new ExpectedFlash(build, timing);
  asked.place(from, to);
  asked.request(false);
  asked.putNetwork(image.file);
  const wanted = { hash: image.hash, fileBytes: image.file.length, permanent: false, image: NETWORK_IMAGE };
  const { does, because, line } = askUpgrade(asked.flash, build, wanted);
  if (does === "installs") return { does: "update", because, line };
  return { does, because: b0nFault(image) ?? because, line };
}

/** Why the network core's own bootloader does not take an image. */
function b0nFault({ plain }: CampaignImage): string | undefined {
  const fault = firmwareFault(bodyOf(plain), NET_APP.address);
  return fault && `the network core's bootloader (b0n) does not take it: ${fault}`;
}

/** One pair of slots for both cores: the bootloader itself tells whose image it is, and may be wrong. */
function inSharedSlot(view: ExpectedFlash, from: CampaignImage, image: CampaignImage): NetworkAnswer {
  view.place(from, image);
  view.request(false);
  const { log, result, images, refusals } = view.timeline();
  const events = log.map(({ text }) => recogniseBootLine(text)?.event);
  const runs = images.find((entry) => entry.image === 0 && entry.slot === 0)?.hash;
  if (result.kind !== "run") {
    return { does: "no boot", because: `the bootloader ends with: ${result.reason}`, line: undefined };
  }
  if (events.includes("net core update done")) return { does: "update", because: "it is taken", line: undefined };
  const [refusal] = refusals;
  if (refusal !== undefined) {
    const said = log.find(({ level }) => level === "E");
    return { does: "refused", because: refusalText(refusal), line: said && `E: ${said.text}` };
  }
  if (events.includes("net core update failed")) {
    // It gets the stored bytes, ciphertext of an encrypted image.
    const isFar = view.build.netCore?.externalSecondaryOffset !== undefined;
    const far = "b0n is handed the slot's offset as an address, and cannot read the external flash behind it";
    const because = image.encrypted ? "it is encrypted, and b0n is handed what the slot holds" : b0nFault(image);
    if (isFar && !image.encrypted) return { does: "refused", because: far, line: "E: Network core update failed" };
    return { does: "refused", because: because ?? "b0n refuses it", line: "E: Network core update failed" };
  }
  const because =
    runs === image.hash
      ? "this bootloader takes it for an image of the application, and puts it there"
      : "this bootloader passes it over";
  return { does: runs === image.hash ? "no boot" : "refused", because, line: undefined };
}
