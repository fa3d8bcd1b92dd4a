import { expect, test } from "@jest/globals";
import { z } from "zod";
import { VirtualClock } from "../../core/index.ts";
import { memoryLinks } from "../../serial/index.ts";
import { powerDriver } from "../index.ts";
import { aroundSwitch } from "./around.ts";

/** A switch that can do everything a switch may do. */
const everything = powerDriver({
  name: "everything",
  options: z.strictObject({}),
  facts: () => ({ cuts: "soc", readsBack: true, latency: "ms" }),
  open: async () => ({
    set: async () => ({ sentAtUs: 7 }),
    read: async () => "on",
    current: { onSamples: () => () => undefined },
    arm: async () => ({ made: Promise.reject(new Error("never")), disarm: async () => undefined }),
    [Symbol.asyncDispose]: async () => undefined,
  }),
});

const open = () => {
  const clock = new VirtualClock();
  return everything.open({}, { clock, links: { open: async () => memoryLinks({ clock })[0] } });
};
const MEMBERS = ["facts", "set", "read", "current", "arm"];

test("a driver's switch has every member that the driver gave it", async () => {
  const power = await open();
  expect(MEMBERS.filter((name) => name in power)).toEqual(MEMBERS);
});

test("every member survives a change of another, and works", async () => {
  const power = await open();
  let closed = 0;
  const around = aroundSwitch(power, {
    set: async () => ({ sentAtUs: 8 }),
    [Symbol.asyncDispose]: async () => void (closed += 1),
  });
  expect(Object.keys(around).toSorted()).toEqual(MEMBERS.toSorted());
  expect([await around.set("on"), await around.read?.(), around.current]).toEqual([
    { sentAtUs: 8 },
    "on",
    power.current,
  ]);
  await around[Symbol.asyncDispose]();
  expect(closed).toBe(1);
});

test("a member that the switch has not does not appear", async () => {
  const whole = await open();
  const bare = {
    facts: whole.facts,
    set: () => whole.set("on"),
    [Symbol.asyncDispose]: () => whole[Symbol.asyncDispose](),
  };
  expect(Object.keys(aroundSwitch(bare, { read: undefined })).toSorted()).toEqual(["facts", "set"]);
});
