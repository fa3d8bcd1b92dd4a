import { describe, expect, test } from "@jest/globals";
import { smallBuild } from "../testing/small-board.ts";
import { EMPTY_TRAILER, type TrailerState } from "../trailer/trailer.ts";
import { xipFlags } from "./xip-flags.ts";

const version = (major: number) => ({ major, minor: 0, revision: 0, build: 0 });
const TRAILERS = {
  unset: EMPTY_TRAILER,
  once: { ...EMPTY_TRAILER, magic: "good" },
  unconfirmed: { ...EMPTY_TRAILER, magic: "good", copyDone: "set" },
  forever: { ...EMPTY_TRAILER, magic: "good", copyDone: "set", imageOk: "set" },
} as const satisfies Record<string, TrailerState>;
type Name = keyof typeof TRAILERS;

/** The flags of both slots as one text: slot 0 / slot 1, the first letter of each flag. */
function shown(
  reverts: boolean,
  [own, other]: readonly [Name, Name],
  versions: readonly [number, number],
  active: 0 | 1,
) {
  const build = smallBuild({ mode: "direct-xip", xipRevert: reverts, encrypted: false });
  const seen = (name: Name, major: number) => ({
    trailer: TRAILERS[name],
    version: major === 0 ? undefined : version(major),
  });
  const [runs, waits] = [seen(own, versions[0]), seen(other, versions[1])];
  const flags = xipFlags(build, active === 0 ? [runs, waits] : [waits, runs], active);
  const text = (slot: (typeof flags)[number]) =>
    (["active", "confirmed", "pending", "permanent"] as const).filter((flag) => slot[flag]).join(" ");
  return `${text(flags[0])} / ${text(flags[1])}`;
}

/** Rows of Zephyr's img_mgmt_get_next_boot_slot and img_mgmt_state_read for direct-XIP. */
describe("the image list where images run in place", () => {
  test.each<[string, [Name, Name], [number, number], 0 | 1]>([
    ["active confirmed / pending permanent", ["unset", "unset"], [1, 2], 0],
    ["active confirmed / ", ["unset", "unset"], [2, 1], 0],
    ["active confirmed / ", ["unset", "unset"], [1, 1], 0],
    ["active confirmed / ", ["unset", "unset"], [1, 0], 0],
    ["pending permanent / active confirmed", ["unset", "unset"], [1, 2], 1],
  ])(
    "says %s without reverts, of trailers %j and versions %j with slot %i running",
    (text, trailers, versions, active) => {
      expect(shown(false, trailers, versions, active)).toBe(text);
    },
  );

  test.each<[string, [Name, Name], [number, number], 0 | 1]>([
    ["active confirmed / ", ["forever", "unset"], [1, 2], 0],
    ["active confirmed / pending", ["forever", "once"], [1, 2], 0],
    ["active confirmed / pending permanent", ["forever", "forever"], [1, 2], 0],
    ["active confirmed / ", ["forever", "once"], [2, 1], 0],
    ["active confirmed / ", ["forever", "unconfirmed"], [1, 2], 0],
    ["active / confirmed", ["unconfirmed", "forever"], [2, 1], 0],
    ["confirmed / active", ["unconfirmed", "forever"], [2, 1], 1],
    ["active confirmed / ", ["unconfirmed", "unset"], [2, 0], 0],
    ["active confirmed / ", ["once", "unset"], [1, 2], 0],
    [" / active confirmed", ["forever", "forever"], [2, 1], 1],
  ])(
    "says %s with reverts, of trailers %j and versions %j with slot %i running",
    (text, trailers, versions, active) => {
      expect(shown(true, trailers, versions, active)).toBe(text);
    },
  );
});
