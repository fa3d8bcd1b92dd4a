import { z } from "zod";
import { RECOVERY_WAYS } from "../../mcuboot/index.ts";
import { POWER_DRIVERS } from "../../power/index.ts";

/** A power driver's own fields on a button: what it cuts has no meaning there. */
type PressSection = { readonly driver: string; readonly [option: string]: unknown };

function pressForms(): z.ZodType<PressSection> {
  const forms = POWER_DRIVERS.map(({ name, options }) => {
    const { cuts: _, ...own } = options.shape;
    return z.strictObject({ driver: z.literal(name), ...own });
  });
  const [first, ...rest] = forms;
  if (first === undefined) throw new RangeError("no power driver is registered");
  return z.discriminatedUnion("driver", [first, ...rest]);
}

/** The profile's `recovery`: how the bench brings the board into MCUboot's serial recovery. */
export const RECOVERY_SECTION = z.strictObject({
  enter: z
    .enum(RECOVERY_WAYS.map(({ name }) => name))
    .describe(RECOVERY_WAYS.map(({ name, what }) => `${name}: ${what}`).join("; ")),
  press: pressForms()
    .optional()
    .describe("For button and pin-reset: the switch across the button's contacts, closed (on) while it is pressed."),
});

/** A switch as a driver opens it: its name, and its fields as the file spells them. */
export interface SwitchSection {
  readonly driver: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Ways in that need somebody to press something. */
export function isPressed(way: string): boolean {
  return way === "button" || way === "pin-reset";
}

/** The switch on the button, with the field that drivers of a supply want. */
export function pressSwitch(section: z.output<typeof RECOVERY_SECTION> | undefined): SwitchSection | undefined {
  if (section?.press === undefined) return undefined;
  const { driver, ...options } = section.press;
  const wantsCuts = POWER_DRIVERS.some((row) => row.name === driver && "cuts" in row.options.shape);
  return { driver, options: { ...options, ...(wantsCuts ? { cuts: "soc" } : {}) } };
}

/** Every switch of a profile: in the supply, and on the button. */
export function switchesOf({
  power,
  recovery,
}: {
  readonly power: SwitchSection;
  readonly recovery: { readonly press: SwitchSection | undefined } | undefined;
}): readonly SwitchSection[] {
  return recovery?.press === undefined ? [power] : [power, recovery.press];
}
