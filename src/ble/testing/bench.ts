import { VirtualClock } from "../../core/index.ts";
import type { AirControllerOptions } from "../air.ts";
import { Air } from "../air.ts";
import { BleCentral } from "../central.ts";
import { BlePeripheral } from "../peripheral.ts";

/** A service and its characteristic of no special meaning. */
export const PLACE = {
  service: "8d53dc1d-1db7-4cd3-868b-8a527460aa84",
  characteristic: "da2e7828-fbce-4e01-ae9e-261174997c48",
} as const;

/** A board in the air of a test, switched on. */
export async function boardIn(
  air: Air,
  clock: VirtualClock,
  options: { name?: string; mtu?: number; wantsPairing?: boolean; address?: Uint8Array } = {},
): Promise<BlePeripheral> {
  const { name = "board", address = Uint8Array.of(1, 2, 3, 4, 5, 0xc6), ...more } = options;
  const peripheral = await BlePeripheral.open(air.controller(), { clock, name, address, ...PLACE, ...more });
  await peripheral.power(true);
  return peripheral;
}

/** An air with one board and one central. */
export async function airBench(
  options: { adapter?: AirControllerOptions; board?: Parameters<typeof boardIn>[2] } = {},
) {
  const clock = new VirtualClock();
  const air = new Air(clock);
  const board = await boardIn(air, clock, options.board);
  const adapter = air.controller(options.adapter);
  const central = await BleCentral.open(adapter, { clock });
  return {
    clock,
    air,
    board,
    adapter,
    central,
    [Symbol.asyncDispose]: async () => {
      await central[Symbol.asyncDispose]();
      await board[Symbol.asyncDispose]();
    },
  };
}
