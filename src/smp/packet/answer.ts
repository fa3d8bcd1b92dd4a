import { hex, ProtocolError } from "../../core/index.ts";
import { type CborMap, type CborValue, decodeMap } from "./cbor.ts";
import type { CommandRow, ResponseOf } from "./command.ts";
import { SmpRefused } from "./refusal.ts";
import { isMap, readFields } from "./shape.ts";

/**
 * What an answer's payload says, for the command `row`.
 *
 * Errors come in four shapes, and all are taken: `rc` (version 1, serial recovery, and protocol errors in version 2),
 * `err` (version 2), a map in `ret` (Zephyr 3.4 called `err` so), with or without data beside them. `rc: 0` is success.
 *
 * @throws SmpRefused; ProtocolError when the payload is no answer to this command.
 * Source: Zephyr documentation "SMP protocol"; MCUboot and old servers always say `rc`.
 */
export function readAnswer<C extends CommandRow>(row: C, payload: Uint8Array): ResponseOf<C> {
  let body: CborMap;
  try {
    // Some servers say "nothing to say" with no bytes at all.
    body = payload.length === 0 ? {} : decodeMap(payload, { trailing: "ignore" });
  } catch (cause) {
    throw nonsense(row, payload, cause);
  }
  const odd = oddCode(body);
  if (odd !== undefined) throw nonsense(row, payload, new TypeError(`${odd}: an integer wanted`));
  const refused = refusalIn(body);
  if (refused) {
    const reason = typeof body["rsn"] === "string" ? { reason: body["rsn"] } : {};
    throw new SmpRefused({ command: row.name, ...refused, ...reason, body });
  }
  try {
    return readFields(row.response, body) as unknown as ResponseOf<C>;
  } catch (cause) {
    throw nonsense(row, payload, cause);
  }
}

function refusalIn(body: CborMap): { group: number | undefined; code: number } | undefined {
  for (const key of ["err", "ret"]) {
    const error = body[key];
    if (isMap(error) && integer(error["rc"]) && error["rc"] !== 0) {
      return { group: integer(error["group"]) ? error["group"] : undefined, code: error["rc"] };
    }
  }
  const { rc } = body;
  return integer(rc) && rc !== 0 ? { group: undefined, code: rc } : undefined;
}

/** The code of a refusal that is none: beyond 2^53, or no number. It must not pass for success. */
function oddCode(body: CborMap): string | undefined {
  for (const key of ["err", "ret"]) {
    const error = body[key];
    if (isMap(error) && Object.hasOwn(error, "rc") && !integer(error["rc"])) return `${key}.rc`;
  }
  return Object.hasOwn(body, "rc") && !integer(body["rc"]) ? "rc" : undefined;
}

function integer(value: CborValue): value is number {
  return Number.isSafeInteger(value);
}

function nonsense(row: CommandRow, payload: Uint8Array, cause: unknown): ProtocolError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const shown = payload.length > 64 ? `${hex(payload.subarray(0, 64))}… (${payload.length} bytes)` : hex(payload);
  return new ProtocolError(`the answer to ${row.name} makes no sense: ${why}. It is ${shown}.`, "", { cause });
}
