import { BleCentral } from "../../ble/index.ts";
import type { Clock } from "../../core/index.ts";
import type { Link } from "../../serial/index.ts";
import { BleTransport, SMP_GATT } from "./ble-transport.ts";

/**
 * SMP to the board of this name over the HCI adapter behind `adapter`, which is closed with the transport. The board is
 * looked for at the first request, and after each link that ended.
 * @param options.limitMs how long it may take until the board advertises and is connected, in milliseconds.
 * @throws TimeoutError when the port answers no HCI; BenchError; the signal's reason.
 */
export async function openBleTransport(
  adapter: Link,
  options: { readonly clock: Clock; readonly board: string; readonly limitMs: number; readonly signal?: AbortSignal },
): Promise<BleTransport> {
  const { clock, board, limitMs, signal } = options;
  const central = await BleCentral.open(adapter, { clock, ...(signal && { signal }) });
  return new BleTransport({
    clock,
    name: `ble:${board}@${adapter.name}`,
    open: (stop) => central.open({ board, ...SMP_GATT }, { limitMs, signal: stop }),
    adapter: central,
  });
}
