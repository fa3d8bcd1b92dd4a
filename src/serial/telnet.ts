/** Telnet's commands that a byte pipe needs. Source: RFC 854. */
export const COMMAND = { se: 240, sb: 250, will: 251, wont: 252, do: 253, dont: 254, iac: 255 } as const;
/** Source: RFC 856, RFC 858, RFC 2217. */
export const OPTION = { binary: 0, suppressGoAhead: 3, comPort: 44 } as const;

/** Longest value of a subnegotiation that is kept, in bytes; more is a server gone mad, and thrown away. */
const VALUE_BYTES_MAX = 256;

/** What a telnet stream says besides its data. */
export type TelnetEvent =
  | { readonly kind: "negotiation"; readonly verb: number; readonly option: number }
  | { readonly kind: "subnegotiation"; readonly option: number; readonly value: Uint8Array };

/** Data with every IAC doubled. Source: RFC 854. */
export function telnetEscape(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(COMMAND.iac)) return bytes;
  return Uint8Array.from([...bytes].flatMap((byte) => (byte === COMMAND.iac ? [byte, byte] : [byte])));
}

/** One subnegotiation of `option`, its value escaped. */
export function telnetNegotiation(option: number, value: Uint8Array): Uint8Array {
  const { iac, sb, se } = COMMAND;
  return Uint8Array.of(iac, sb, option, ...telnetEscape(value), iac, se);
}

/** Takes a telnet stream apart, in pieces of any size. */
export class TelnetDecoder {
  #state: "data" | "iac" | "option" | "value" | "value iac" = "data";
  #verb = 0;
  #value: number[] = [];

  feed(bytes: Uint8Array): { readonly data: Uint8Array; readonly events: readonly TelnetEvent[] } {
    const data: number[] = [];
    const events: TelnetEvent[] = [];
    for (const byte of bytes) {
      const event = this.#step(byte, data);
      if (event) events.push(event);
    }
    return { data: Uint8Array.from(data), events };
  }

  #step(byte: number, data: number[]): TelnetEvent | undefined {
    switch (this.#state) {
      case "data":
        if (byte === COMMAND.iac) this.#state = "iac";
        else data.push(byte);
        return undefined;
      case "iac":
        return this.#command(byte, data);
      case "option":
        this.#state = "data";
        return { kind: "negotiation", verb: this.#verb, option: byte };
      case "value":
        if (byte === COMMAND.iac) this.#state = "value iac";
        else this.#keep(byte);
        return undefined;
      default:
        return this.#valueCommand(byte);
    }
  }

  #command(byte: number, data: number[]): undefined {
    this.#state = "data";
    if (byte === COMMAND.iac) data.push(byte);
    else if (byte === COMMAND.sb) {
      this.#state = "value";
      this.#value = [];
    } else if (byte >= COMMAND.will) {
      this.#state = "option";
      this.#verb = byte;
    }
  }

  #valueCommand(byte: number): TelnetEvent | undefined {
    if (byte === COMMAND.iac) {
      this.#state = "value";
      this.#keep(byte);
      return undefined;
    }
    this.#state = "data";
    const [option, ...value] = this.#value;
    if (byte !== COMMAND.se || option === undefined) return undefined;
    return { kind: "subnegotiation", option, value: Uint8Array.from(value) };
  }

  #keep(byte: number): void {
    if (this.#value.length < VALUE_BYTES_MAX) this.#value.push(byte);
  }
}
