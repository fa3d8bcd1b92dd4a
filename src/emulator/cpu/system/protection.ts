import type { Bank, Core } from "../state/core.ts";
import type { FaultName } from "../state/cpu-fault.ts";
import { executionPriority } from "./priority.ts";

const PPB_FIRST = 0xe000_0000;
const PPB_LAST = 0xe00f_ffff;
const RLAR_ENABLE = 1;
const RBAR_XN = 1;
const CTRL_ENABLE = 1;
const CTRL_HFNMIENA = 2;
const CTRL_PRIVDEFENA = 4;

type Access = "read" | "write";

/** What an MPU says of an address. `region` is undefined where none matches, or several do. */
interface MpuVerdict {
  readonly region: number | undefined;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

/** What SAU says of an address. */
interface Attribution {
  readonly region: number | undefined;
  readonly secure: boolean;
  readonly callable: boolean;
}

/** The private peripheral bus: neither MPU nor SAU decide there. Source: DDI 0553, B8.3, B11.1. */
function isPrivate(address: number): boolean {
  return address >= PPB_FIRST && address <= PPB_LAST;
}

/** Where the default memory map lets code run. Source: Armv8-M ARM (DDI 0553), B8.1, system address map. */
function isExecutableByDefault(address: number): boolean {
  return address < 0x4000_0000 || (address >= 0x6000_0000 && address < 0xa000_0000);
}

const DENIED: MpuVerdict = { region: undefined, readable: false, writable: false, executable: false };

/** Source: Armv8-M ARM (DDI 0553), MPUCheck. */
export function mpuVerdict(core: Core, bank: Bank, address: number, privileged: boolean): MpuVerdict {
  const mpu = core.system.mpu[bank];
  const whole = { region: undefined, readable: true, writable: true, executable: isExecutableByDefault(address) };
  if (isPrivate(address)) return { ...whole, readable: privileged, writable: privileged };
  const off = (mpu.control & CTRL_ENABLE) === 0;
  if (off || ((mpu.control & CTRL_HFNMIENA) === 0 && executionPriority(core) < 0)) return whole;
  const matching = matchesOf(mpu.base, mpu.limit, address);
  if (matching.length > 1) return DENIED;
  const [region] = matching;
  if (region === undefined) return (mpu.control & CTRL_PRIVDEFENA) !== 0 && privileged ? whole : DENIED;
  const base = mpu.base[region] as number;
  const readable = privileged || (base & 2) !== 0;
  return {
    region,
    readable,
    writable: readable && (base & 4) === 0,
    executable: readable && (base & RBAR_XN) === 0 && isExecutableByDefault(address),
  };
}

/** Regions that are enabled and hold an address; bounds are multiples of 32 bytes, the upper one included. */
function matchesOf(bases: Uint32Array, limits: Uint32Array, address: number): readonly number[] {
  const found: number[] = [];
  for (const [region, limit] of limits.entries()) {
    if ((limit & RLAR_ENABLE) === 0) continue;
    if (address >= ((bases[region] as number) & ~31) >>> 0 && address <= (limit | 31) >>> 0) found.push(region);
  }
  return found;
}

const SECURE: Attribution = { region: undefined, secure: true, callable: false };

/**
 * @param bank whose access it is: the private bus belongs to whoever asks
 * Source: Armv8-M ARM (DDI 0553), SecurityCheck. The chip has no IDAU of its own here.
 */
export function attributionOf(core: Core, address: number, bank: Bank = core.bank): Attribution {
  const { sau } = core.system;
  if (isPrivate(address)) return { ...SECURE, secure: bank === 1 };
  if ((sau.control & 1) === 0) return { ...SECURE, secure: (sau.control & 2) === 0 };
  const matching = matchesOf(sau.base, sau.limit, address);
  const [region] = matching;
  if (region === undefined || matching.length > 1) return SECURE;
  const callable = ((sau.limit[region] as number) & 2) !== 0;
  return { region, secure: callable, callable };
}

/** Whether any check has to look at accesses: call after privilege or security state changed. */
export function updateGuard(core: Core): void {
  const [nonSecure, secure] = core.system.mpu;
  const byMpu = ((nonSecure.control | secure.control) & CTRL_ENABLE) !== 0;
  core.guarded = byMpu || (core.config.security && core.bank === 0);
  core.rights = rightsOf(core, byMpu);
  core.onState(core.rights);
}

/** The rules of MPU or SAU changed: what was decoded may be allowed no longer. */
export function changedRules(core: Core): void {
  core.forgetAccesses();
  core.onRules();
  updateGuard(core);
}

/** All that decides, besides the rules themselves, whether an access or a fetch is allowed; 0 to 7. */
function rightsOf(core: Core, byMpu: boolean): number {
  if (!byMpu) return core.bank;
  return core.bank | (core.privileged ? 2 : 0) | (executionPriority(core) < 0 ? 4 : 0);
}

/** @throws CpuFault DACCVIOL or AUVIOL when the access is not allowed */
export function checkAccess(core: Core, address: number, bytes: number, access: Access, privileged: boolean): void {
  checkOne(core, address, access, privileged);
  const last = (address + bytes - 1) >>> 0;
  // Regions are multiples of 32 bytes: an access that stays within one such block is decided by its first byte.
  if (address >>> 5 !== last >>> 5) checkOne(core, last, access, privileged);
  else if (privileged === core.privileged && !isPrivate(address)) core.rememberAccess(access, address);
}

function checkOne(core: Core, address: number, access: Access, privileged: boolean): void {
  const outside = core.config.security && core.bank === 0 && !isPrivate(address);
  if (outside && attributionOf(core, address).secure) core.raise("AUVIOL", address);
  const verdict = mpuVerdict(core, core.bank, address, privileged);
  if (!(access === "write" ? verdict.writable : verdict.readable)) core.raise("DACCVIOL", address);
}

/** What the core may do now at an address, as `checkAccess` would find it. */
export function verdictOn(core: Core, address: number): { readonly readable: boolean; readonly writable: boolean } {
  if (!core.guarded) return { readable: true, writable: true };
  const outside = core.config.security && core.bank === 0 && !isPrivate(address);
  if (outside && attributionOf(core, address).secure) return DENIED;
  return mpuVerdict(core, core.bank, address, core.privileged);
}

/** Addresses, in order, at which what a core may do may change: the bounds of its regions. */
export function ruleBounds(core: Core): readonly number[] {
  const { mpu, sau } = core.system;
  const bounds = [mpu[core.bank], sau].flatMap(({ base, limit }) =>
    [...limit].flatMap((end, region) =>
      (end & RLAR_ENABLE) === 0 ? [] : [((base[region] as number) & ~31) >>> 0, ((end | 31) >>> 0) + 1],
    ),
  );
  return [...new Set(bounds)].toSorted((a, b) => a - b);
}

/** Why an instruction may not be fetched from an address; undefined: it may. `isGateway`: the instruction there is SG. */
export function fetchFault(core: Core, address: number, isGateway: () => boolean): FaultName | undefined {
  if (core.config.security) {
    const { secure, callable } = attributionOf(core, address);
    if (core.bank === 1 && !secure) return "INVTRAN";
    if (core.bank === 0 && secure && !(callable && isGateway())) return "INVEP";
  }
  if (!core.guarded) return isExecutableByDefault(address) ? undefined : "IACCVIOL";
  return mpuVerdict(core, core.bank, address, core.privileged).executable ? undefined : "IACCVIOL";
}
