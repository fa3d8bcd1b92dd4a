/** One register as a debugger sees it. */
interface RegisterRow {
  /** As GDB's feature names it. */
  readonly name: string;
  readonly feature: "org.gnu.gdb.arm.m-profile" | "org.gnu.gdb.arm.m-system";
  /** Number in the remote protocol. */
  readonly number: number;
  readonly type: "int" | "data_ptr" | "code_ptr";
}

const PROFILE = "org.gnu.gdb.arm.m-profile";
const SYSTEM = "org.gnu.gdb.arm.m-system";
const CORE = Array.from({ length: 13 }, (_, number) => ({ name: `r${number}`, number, type: "int" as const }));

/** Registers of a Cortex-M. Source: GDB manual, "ARM Features": m-profile; m-system (GDB 12) for both stack pointers. */
export const REGISTERS: readonly RegisterRow[] = [
  ...CORE.map((row) => ({ ...row, feature: PROFILE }) as const),
  { name: "sp", number: 13, type: "data_ptr", feature: PROFILE },
  { name: "lr", number: 14, type: "int", feature: PROFILE },
  { name: "pc", number: 15, type: "code_ptr", feature: PROFILE },
  // 16 to 24 were the registers of a floating-point unit that no Cortex-M has.
  { name: "xpsr", number: 25, type: "int", feature: PROFILE },
  { name: "msp", number: 26, type: "data_ptr", feature: SYSTEM },
  { name: "psp", number: 27, type: "data_ptr", feature: SYSTEM },
];

/** target.xml: what GDB has to know of the core. */
export function targetXml(): string {
  const features = [PROFILE, SYSTEM].map((feature) => {
    const rows = REGISTERS.filter((row) => row.feature === feature).map(
      ({ name, number, type }) => `<reg name="${name}" bitsize="32" regnum="${number}" type="${type}"/>`,
    );
    return `<feature name="${feature}">${rows.join("")}</feature>`;
  });
  const head = '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">';
  return `${head}<target><architecture>arm</architecture>${features.join("")}</target>`;
}
