import type { BootloaderBuild } from "../../mcuboot/index.ts";
import type { Failure, NetworkReport, Shown } from "./check.ts";

/** The network core's image among those of a bootloader for both cores. Source: sdk-nrf modules/mcuboot. */
export const NETWORK_IMAGE = 1;

/** An image of the application, perhaps with one of the network core and the counter that its bootloader knows it by. */
interface WithCounter {
  readonly network?: { readonly counter: number } | undefined;
}

/** What the network core must run after an update: the newer one, where its bootloader refuses an older one. */
export function counterExpected(
  { downgradePrevention }: Pick<BootloaderBuild, "downgradePrevention">,
  { from, to }: { readonly from: WithCounter; readonly to: WithCounter },
): number {
  const [before, wanted] = [from.network?.counter ?? 0, to.network?.counter ?? 0];
  return downgradePrevention ? Math.max(before, wanted) : wanted;
}

/** Slots that are right are no pass when the network core does not run what was asked for in the same boot. */
export function checkNetwork({ network }: Shown): Failure | undefined {
  if (network === undefined || network.said === network.wanted) return undefined;
  const because =
    network.said === undefined
      ? "the network core does not say on its UART what it runs"
      : `the network core was to run version ${network.wanted}: its image was asked for in the same boot and cannot be reverted`;
  return { ending: "wrong image", because };
}

/** What is told of the network core beside the slots. */
export function networkText({ said }: NetworkReport): string {
  return `; the network core ${said === undefined ? "says nothing" : `runs version ${said}`}`;
}
