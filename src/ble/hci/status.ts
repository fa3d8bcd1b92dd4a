/** What a controller's codes mean. Source: Bluetooth Core 5.4, Vol 1 Part F, 2. */
const STATUS: Readonly<Record<number, string>> = {
  0x01: "unknown command",
  0x02: "unknown connection",
  0x03: "hardware failure",
  0x05: "authentication failed",
  0x06: "a key is missing",
  0x07: "memory exceeded",
  0x08: "the link's supervision time ran out",
  0x09: "too many connections",
  0x0b: "there is a connection already",
  0x0c: "not allowed now",
  0x0d: "rejected: no resources",
  0x11: "not supported",
  0x12: "bad parameters",
  0x13: "ended by the board",
  0x14: "ended by the board: low resources",
  0x15: "ended by the board: it powers off",
  0x16: "ended by us",
  0x1a: "not supported by the other side",
  0x1f: "unspecified",
  0x22: "the link layer gave no answer",
  0x28: "an instant has passed",
  0x2f: "not encrypted well enough",
  0x3b: "bad connection parameters",
  0x3c: "advertising timed out",
  0x3d: "a packet failed its integrity check",
  0x3e: "the connection was not established",
};

/** For people: "the link's supervision time ran out (HCI 0x08)". */
export function hciStatus(code: number): string {
  return `${STATUS[code] ?? "unknown"} (HCI 0x${code.toString(16).padStart(2, "0")})`;
}

/** Codes that the code itself looks at. */
export const HCI_STATUS = { unknownCommand: 0x01, unknownConnection: 0x02, supervision: 0x08, byUs: 0x16 } as const;
