/** Where a board comes from. */
interface ProviderRow {
  readonly name: string;
  /** Its bench lives in real time: it goes on between two events. Else time is the program's own, and stands still. */
  readonly inRealTime: boolean;
}

/** Every `provider` that a profile may name. */
export const PROVIDERS = [
  { name: "twin", inRealTime: false },
  { name: "hardware", inRealTime: true },
  { name: "qemu", inRealTime: true },
  { name: "emulated", inRealTime: false },
] as const satisfies readonly ProviderRow[];

/** The name of one of them. */
export type Provider = (typeof PROVIDERS)[number]["name"];

/** Whether a board of this provider lives in real time. */
export function livesInRealTime(provider: Provider): boolean {
  return PROVIDERS.some((row) => row.name === provider && row.inRealTime);
}
