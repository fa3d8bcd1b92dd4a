import { expect, test } from "@jest/globals";
import { bleName } from "./port-name.ts";

test.each([
  ["ble:lab-07@/dev/ttyACM3", { board: "lab-07", adapter: "/dev/ttyACM3" }],
  ["ble:a@b@tcp:10.0.0.7:9000", { board: "a@b", adapter: "tcp:10.0.0.7:9000" }],
  ["ble:lab-07", { board: "lab-07", adapter: undefined }],
  ["ble:lab-07@", undefined],
  ["ble:@/dev/ttyACM3", undefined],
  ["ble:a-name-longer-than-a-scan-response@x", undefined],
  ["/dev/ttyACM3", undefined],
])("%s names %j", (text, name) => {
  expect(bleName(text)).toEqual(name);
});
