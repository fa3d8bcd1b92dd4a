/** A board in the air, as a command line names it. */
interface BleName {
  /** As the board advertises it. */
  readonly board: string;
  /** The adapter's port; undefined where none is named. */
  readonly adapter: string | undefined;
}

/** The longest name that fits a scan response, in bytes. */
export const BLE_NAME_BYTES_MAX = 29;

/** What `ble:NAME@ADAPTER` names (the last @ counts); undefined for anything else. */
export function bleName(text: string): BleName | undefined {
  if (!text.startsWith("ble:")) return undefined;
  const rest = text.slice("ble:".length);
  const at = rest.lastIndexOf("@");
  const board = at < 0 ? rest : rest.slice(0, at);
  if (board === "" || Buffer.byteLength(board) > BLE_NAME_BYTES_MAX) return undefined;
  const adapter = at < 0 ? undefined : rest.slice(at + 1);
  return adapter === "" ? undefined : { board, adapter };
}
