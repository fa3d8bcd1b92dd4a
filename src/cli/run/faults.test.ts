import { describe, expect, test } from "@jest/globals";
import type { LoadedProfile } from "../../board/index.ts";
import { smallProfile } from "../../campaign/testing/small-campaign.ts";
import { isHilError } from "../../core/index.ts";
import { withFaults } from "./faults.ts";

function complaint(loaded: LoadedProfile, ...names: string[]): string {
  try {
    withFaults(loaded, names);
  } catch (error) {
    if (!isHilError(error)) throw error;
    expect(error.kind).toBe("usage");
    return error.paragraph();
  }
  return "no complaint";
}

describe("faults of the command line", () => {
  test("come on top of those of the profile, which itself stays as it is", () => {
    const loaded = smallProfile(["faults: []", "faults: [boot-loop]"]);
    const faulty = withFaults(loaded, ["no-revert", "relay-stuck"]);
    expect(faulty.profile.twin?.faults).toEqual(["boot-loop", "no-revert", "relay-stuck"]);
    expect(loaded.profile.twin?.faults).toEqual(["boot-loop"]);
    expect(faulty.text).toBe(loaded.text);
  });

  test("that are none change nothing", () => {
    const loaded = smallProfile();
    expect(withFaults(loaded, [])).toBe(loaded);
  });

  test("on a twin whose profile names none are its only ones", () => {
    const loaded = smallProfile(["twin: { faults: [] }\n", ""]);
    expect(withFaults(loaded, ["no-revert"]).profile.twin?.faults).toEqual(["no-revert"]);
  });

  test("that nobody knows are refused, with the nearest or with all of them", () => {
    expect(complaint(smallProfile(), "no-rever")).toBe('no fault is named "no-rever". Did you mean "no-revert"?');
    expect(complaint(smallProfile(), "earthquake")).toMatch(
      /^no fault is named "earthquake"\. Known are relay-stuck, /,
    );
  });

  test("are not for real boards", () => {
    const real = { ...smallProfile(), profile: { ...smallProfile().profile, provider: "hardware" as const } };
    expect(complaint(real, "no-revert")).toBe("--fault is for twins; small is a real board.");
  });
});
