import { describe, expect, test } from "@jest/globals";
import { setPending } from "../boot/app-api.ts";
import { runSteps } from "../boot/run-boot.ts";
import { smallBuild, smallImage } from "../testing/small-board.ts";
import { BootCache } from "./boot-memory.ts";
import { uploadedFlash } from "./upgrade.ts";

const build = smallBuild({ slotSectors: 6, mode: "move", encrypted: false });
const old = smallImage("1.0.0", 5_000, false).plain;
const next = smallImage("2.0.0", 6_000, false).file;

function asked() {
  const { flash } = uploadedFlash({ build, old, next });
  runSteps(setPending(flash, build, 0, false), flash);
  return flash;
}

describe("boots of one content in several scopes", () => {
  /** How many operations each of these scopes was shown, one boot after the other. */
  const shown = (scopes: readonly { readonly scope: number; readonly unlessTold?: number }[], found: boolean) => {
    const cache = new BootCache(build);
    return scopes.map((watched) => {
      let seen = 0;
      const end = cache.follow(asked(), { ...watched, see: () => (seen++, found) });
      expect(end.result.kind).toBe("run");
      return [seen > 0, end.operations > 20];
    });
  };

  test("are followed in each scope where what is done at an operation depends on it", () => {
    expect(shown([{ scope: 1 }, { scope: 2 }, { scope: 1 }], false)).toEqual([
      [true, true],
      [true, true],
      [false, true],
    ]);
  });

  test("are followed once where nothing was found in them", () => {
    const looking = [1, 2, 3].map((scope) => ({ scope, unlessTold: 0 }));
    expect(shown(looking, false).map(([seen]) => seen)).toEqual([true, false, false]);
  });

  test("are followed once in each scope where something was found", () => {
    const looking = [1, 2, 1, 2].map((scope) => ({ scope, unlessTold: 0 }));
    expect(shown(looking, true).map(([seen]) => seen)).toEqual([true, true, false, false]);
  });
});
