import { formatVersion, parseVersion } from "../../image/index.ts";
import type { BootloaderBuild } from "../../mcuboot/index.ts";
import type { Failure, NetworkFacts, NetworkReport, Shown } from "./check.ts";

/** The network core's image among those of a bootloader for both cores. Source: sdk-nrf modules/mcuboot. */
export const NETWORK_IMAGE = 1;

/** An image of the application, perhaps with one of the network core. */
interface WithCounter {
  readonly network?: { readonly counter: number | undefined } | undefined;
}

/** True for an update of the network core that its counter makes an older one, where the bootloader refuses those. */
export function isOlderNetwork(
  { downgradePrevention }: Pick<BootloaderBuild, "downgradePrevention">,
  { from, to }: { readonly from: WithCounter; readonly to: WithCounter },
): boolean {
  const [before = 0, wanted = 0] = [from.network?.counter, to.network?.counter];
  return downgradePrevention && wanted < before;
}

/** What is known of the network core: `right` or `wrong`, or why it is not told. */
type Known = { readonly kind: "right" | "wrong" | "not told"; readonly because: string };

/**
 * Slots that are right are no pass when the network core does not run what was asked for, nor when nothing tells what
 * it runs.
 */
export function checkNetwork({ network }: Shown): Failure | undefined {
  if (network === undefined) return undefined;
  const { kind, because } = known(network);
  if (kind === "right" || (kind === "not told" && network.optional)) return undefined;
  if (kind === "wrong") return { ending: "wrong image", because };
  return { ending: "network core not told", because: `network core: not told: ${because}` };
}

function known(report: NetworkReport): Known {
  const { told, log, updates, to, from } = report;
  const wanted = updates ? to : from;
  const other = updates ? from : to;
  const byLog = log === undefined ? undefined : log.copied === updates;
  if (told !== undefined) {
    if (!isName(told.value)) return { kind: "not told", because: `"${told.value}" (${told.by}) is no version` };
    const isWanted = wanted === undefined ? !isNamed(told.value, other) : isNamed(told.value, wanted);
    if (!isWanted) {
      const name = wanted === undefined ? "another version" : `version ${wanted.counter ?? wanted.image.version}`;
      const why = updates ? "its image was asked for and cannot be reverted" : "the new image was to be refused";
      return { kind: "wrong", because: `the network core was to run ${name}: ${why}` };
    }
    if (other === undefined || !isNamed(told.value, other)) return { kind: "right", because: told.by };
    if (byLog === undefined) {
      const text = `${told.value} (${told.by}) is the version of both its images, and MCUboot's log shows no copy`;
      return { kind: "not told", because: `${text}. Give the two builds different versions` };
    }
  }
  if (byLog === undefined) return { kind: "not told", because: NOBODY };
  const quoted = `MCUboot's log says "${log?.line}"`;
  return {
    kind: byLog ? "right" : "wrong",
    because: byLog ? quoted : `${quoted}, and the network core was ${updates ? "" : "not "}to be updated`,
  };
}

const NOBODY =
  "neither its UART nor the application says what it runs, and MCUboot's log shows no copy to it. " +
  "Set ports.net.version, ports.app.network_version or smp.network_version in the profile; or images.network.witness: none";

/** A version counter, or a version as images have it. */
function isName(text: string): boolean {
  return /^(0x[0-9a-f]+|\d+)$/i.test(text) || /^v?\d+(\.\d+){1,2}([+.]\d+)?$/.test(text);
}

/** True when a text names this image: by its counter, or by the version in its header. */
function isNamed(text: string, facts: NetworkFacts | undefined): boolean {
  if (facts === undefined) return false;
  if (!text.includes(".")) return Number(text) === facts.counter;
  return normal(text) === normal(facts.image.version);
}

function normal(text: string): string {
  const [, numbers = "", build = "0"] = /^v?(\d+(?:\.\d+){0,2})(?:[+.](\d+))?$/.exec(text) ?? [];
  return formatVersion(parseVersion(`${numbers}${numbers.split(".").length === 3 ? `+${build}` : ""}`));
}

/** What is told of the network core beside the slots, and who told it. */
export function reportedNetwork({ told, log, alive }: NetworkReport): string {
  if (told !== undefined) return `; the network core runs version ${told.value} (${told.by})`;
  if (log !== undefined)
    return `; the network core was ${log.copied ? "" : "not "}updated (MCUboot's log: "${log.line}")`;
  return alive === undefined
    ? "; the network core says nothing"
    : `; the network core boots ("${alive}") and says no version`;
}
