import { textOf, utf8 } from "../../core/index.ts";
import type { SerialPeer } from "./serial-rig.ts";

/** A module that calls its relays by one digit or letter: echo, LF CR, answer, LF CR, prompt. */
export function numatoPeer(): SerialPeer {
  let pending = "";
  return (bytes, coils) => {
    pending += textOf(bytes);
    let out = "";
    for (let end = pending.indexOf("\r"); end >= 0; end = pending.indexOf("\r")) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      const [, verb, name = ""] = /^relay (on|off|read) ([0-9A-Za-z])$/.exec(line) ?? [];
      const number = Number.parseInt(name, 36) + 1;
      if (verb === "on" || verb === "off") coils.set(number, verb === "on");
      out += verb === "read" ? `${line}\n\r${coils.get(number) ? "on" : "off"}\n\r>` : `${line}\n\r>`;
    }
    return utf8(out);
  };
}
