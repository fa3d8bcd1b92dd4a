import { expect, test } from "@jest/globals";
import { BleServerTransport } from "../smp/index.ts";
import { RadioSwitch } from "./radio.ts";

function switched(hasNetCore: boolean) {
  const did: boolean[] = [];
  const transport = new BleServerTransport({ onLink: () => () => undefined });
  return { did, radio: new RadioSwitch({ transport, power: (on) => void did.push(on) }, hasNetCore) };
}

test("a board is in the air while its application serves and its network core runs, and never else", () => {
  const { did, radio } = switched(true);
  radio.application(true);
  expect(did).toEqual([]);
  radio.controller(true);
  radio.controller(true);
  radio.application(false);
  radio.controller(false);
  radio.application(true);
  expect(did).toEqual([true, false]);
});

test("where no network core is simulated the application alone decides", () => {
  const { did, radio } = switched(false);
  radio.application(true);
  radio.application(false);
  expect(did).toEqual([true, false]);
});
