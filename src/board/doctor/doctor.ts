import { messageOf } from "../../core/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import type { DoctorCheck, DoctorFinding, Surroundings } from "./check.ts";
import { INTERFERENCE_CHECKS } from "./interference.ts";
import { PERMISSION_CHECKS } from "./permissions.ts";
import { PROFILE_CHECKS } from "./profiles.ts";
import { type System, usbDevices } from "./system.ts";

/** Every check that only looks. Adding a row adds a check. */
export const DOCTOR_CHECKS: readonly DoctorCheck[] = [...PERMISSION_CHECKS, ...INTERFERENCE_CHECKS, ...PROFILE_CHECKS];

/** What one check found. */
export interface Diagnosis {
  readonly id: string;
  readonly looksAt: string;
  readonly outcome: "ok" | "findings" | "not here" | "not known";
  readonly findings: readonly DoctorFinding[];
}

/**
 * Looks at a machine and at what profiles want of it; changes nothing. A check that fails itself is a finding, too: the
 * others go on.
 */
export async function diagnose(system: System, profiles: readonly LoadedProfile[]): Promise<readonly Diagnosis[]> {
  const [ports, usb] = await Promise.all([system.ports(), usbDevices(system)]);
  const around: Surroundings = { system, ports, usb, profiles };
  const found: Diagnosis[] = [];
  for (const check of DOCTOR_CHECKS) found.push(await outcomeOf(check, around));
  return found;
}

async function outcomeOf(check: DoctorCheck, around: Surroundings): Promise<Diagnosis> {
  const { id, looksAt, platforms } = check;
  if (platforms && !platforms.includes(around.system.platform))
    return { id, looksAt, outcome: "not here", findings: [] };
  try {
    const findings = await check.look(around);
    return { id, looksAt, outcome: findings.length === 0 ? "ok" : "findings", findings };
  } catch (error) {
    const finding: DoctorFinding = {
      level: "note",
      where: id,
      what: `this could not be looked at: ${messageOf(error)}`,
      remedy: "",
    };
    return { id, looksAt, outcome: "not known", findings: [finding] };
  }
}

/** True when something will break runs. */
export function hasProblem(diagnoses: readonly Diagnosis[]): boolean {
  return diagnoses.some(({ findings }) => findings.some(({ level }) => level === "problem"));
}
