import { expect, test } from "@jest/globals";
import { connectionString } from "./connstring.ts";
import { progressPrinter } from "./progress.ts";

test.each([
  [
    "serial",
    "dev=/dev/ttyACM1,baud=1000000,mtu=512",
    { port: "/dev/ttyACM1", baudRate: 1_000_000, packetBytesMax: 371 },
  ],
  ["serial", "dev=/dev/ttyACM1,mtu=128", { port: "/dev/ttyACM1", packetBytesMax: 83 }],
  [undefined, "/dev/ttyACM1", { port: "/dev/ttyACM1" }],
  [undefined, "/dev/ttyACM0,baud=115200", { port: "/dev/ttyACM0", baudRate: 115_200 }],
  ["serial", "baud=9600,/dev/ttyACM0", { port: "/dev/ttyACM0", baudRate: 9_600 }],
  ["udp", "192.0.2.7:1338", { port: "udp:192.0.2.7:1338" }],
  ["udp", "[2001:db8::1]", { port: "udp:[2001:db8::1]" }],
])("a connection string of type %s, %s, is understood", (type, text, expected) => {
  expect(connectionString(type, text)).toEqual(expected);
});

test.each([
  ["ble", "peer_name=x", "--conntype ble is not known here."],
  ["serial", "baud=115200", "names no device"],
  ["serial", "dev=", "names no device"],
  ["serial", "/dev/a,/dev/b", "names dev twice"],
  ["serial", "dev=/dev/x,speed=9", 'does not know "speed=9"'],
  ["serial", "dev=/dev/x,baud=fast", "baud=fast is no number"],
  ["serial", "dev=/dev/x,mtu=12", "mtu=12 is no number from 64 on"],
])("a connection string of type %s, %s, is refused", (type, text, message) => {
  expect(() => connectionString(type, text)).toThrow(message);
});

test("progress tells the share of what the line allows, and none where there is no such line", () => {
  const lines = (lineBytesASecond?: number) => {
    let out = "";
    const io = {
      out: (text: string) => void (out += text),
      err: () => {},
      env: {},
      cwd: "/",
      signal: new AbortController().signal,
      isTty: false,
      columns: 100,
    };
    const show = progressPrinter(io, lineBytesASecond);
    show({ sentBytes: 0, totalBytes: 10_240, atUs: 0 });
    show({ sentBytes: 5_120, totalBytes: 10_240, atUs: 1_000_000 });
    return out;
  };
  expect(lines(6_400)).toBe(" 50 %  5120 of 10240 B  5.0 KiB/s  80 % of the line  1 s left\n");
  expect(lines(100)).toBe(" 50 %  5120 of 10240 B  5.0 KiB/s  1 s left\n");
  expect(lines()).toBe(" 50 %  5120 of 10240 B  5.0 KiB/s  1 s left\n");
});
