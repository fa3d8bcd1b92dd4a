import { describe, expect, test } from "@jest/globals";
import { loadProfile } from "./profile.ts";
import { withFirmware } from "./with-firmware.ts";

const none = { firmware: [], network: [], cwd: "/work" };

describe("withFirmware", () => {
  test("names images as if they stood in the profile, by whole paths, and its text says so, too", async () => {
    const loaded = await loadProfile("emulated", { cwd: "/" });
    const changed = withFirmware(loaded, { ...none, firmware: ["build/merged.hex"], network: ["/net.hex"] });
    expect(changed.profile.emulated).toEqual({
      chip: "nrf5340",
      firmware: ["/work/build/merged.hex"],
      networkFirmware: ["/net.hex"],
    });
    expect(changed.text).toContain("/work/build/merged.hex");
    expect(changed.text).toContain("# docs/emulator.md says more.");
    expect(changed.file).toBe(loaded.file);
  });

  test("replaces the images that a profile names, and keeps those that nothing is said about", async () => {
    const loaded = await loadProfile("emulated-microbit", { cwd: "/" });
    expect(withFirmware(loaded, none)).toBe(loaded);
    expect(withFirmware(loaded, { ...none, firmware: ["a.hex", "b.hex"] }).profile.emulated).toEqual({
      chip: "nrf51",
      firmware: ["/work/a.hex", "/work/b.hex"],
    });
  });

  test("a board that runs no firmware of ours is told", async () => {
    const loaded = await loadProfile("twin", { cwd: "/" });
    expect(() => withFirmware(loaded, { ...none, firmware: ["a.hex"] })).toThrow(
      "--firmware and --net are for an emulated board; twin is none.",
    );
  });
});
