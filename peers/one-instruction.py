"""Runs one instruction a line on PyPI's unicorn, and says what it left: the other side of peers/unicorn.ts.

A case is JSON: {"c": code, "r": [r0..lr], "x": xPSR, "s": [s0..s31], "f": FPSCR}; the answer {"r": ..., "x": ..., "s":
..., "f": ..., "m": [[offset, hex]...]}, or {"e": what unicorn could not do}. The first line names the core and the seed's RAM.
"""

import json
import sys

from unicorn import UC_ARCH_ARM, UC_MODE_MCLASS, UC_MODE_THUMB, Uc, UcError
from unicorn import arm_const as arm

RAM, RAM_BYTES = 0x2000_0000, 0x8000
CODE, CODE_BYTES, PLACE = 0, 0x4_0000, 0x1_0000
# VMOV s0, s0
FLOAT_PLACE, VMOV = 0x8000, bytes.fromhex("b0ee400a")
R = [getattr(arm, f"UC_ARM_REG_R{n}") for n in range(13)] + [arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR]
S = [getattr(arm, f"UC_ARM_REG_S{n}") for n in range(32)]


def machine(model, pattern):
    uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
    uc.ctl_set_cpu_model(getattr(arm, f"UC_CPU_ARM_CORTEX_{model}"))
    uc.mem_map(CODE, CODE_BYTES)
    uc.mem_map(RAM, RAM_BYTES)
    uc.mem_write(RAM, pattern)
    if model == "M33":
        # The first instruction with floats begins a context of its own, with another FPSCR.
        uc.mem_write(FLOAT_PLACE, VMOV)
        uc.emu_start(FLOAT_PLACE | 1, FLOAT_PLACE + len(VMOV), count=1)
    return uc


def set_flags(uc, word, has_floats):
    """Sets N, Z, C, V, Q, and GE, which a write of xPSR leaves alone (findings/unicorn-xpsr-write.sh)."""
    uc.reg_write(arm.UC_ARM_REG_XPSR, word)
    if has_floats:
        uc.reg_write(arm.UC_ARM_REG_APSR_NZCVQG, word)


def run(uc, case, pattern, has_floats):
    set_flags(uc, case["x"], has_floats)
    code = bytes.fromhex(case["c"])
    uc.mem_write(PLACE, code)
    uc.ctl_remove_cache(PLACE, PLACE + len(code))
    for register, value in zip(R, case["r"]):
        uc.reg_write(register, value)
    if has_floats:
        # An active context: FPSCR is not replaced by the first instruction.
        uc.reg_write(arm.UC_ARM_REG_CONTROL, uc.reg_read(arm.UC_ARM_REG_CONTROL) | 4)
        for register, value in zip(S, case["s"]):
            uc.reg_write(register, value)
        uc.reg_write(arm.UC_ARM_REG_FPSCR, case["f"])
    try:
        uc.emu_start(PLACE | 1, PLACE + len(code), count=1)
    except UcError as error:
        return {"e": str(error)}
    finally:
        after = bytes(uc.mem_read(RAM, RAM_BYTES))
        changed = []
        if after != pattern:
            changed = [[at, after[at : at + 4].hex()] for at in range(0, RAM_BYTES, 4) if after[at : at + 4] != pattern[at : at + 4]]
            uc.mem_write(RAM, pattern)
    answer = {
        "r": [uc.reg_read(register) for register in R] + [uc.reg_read(arm.UC_ARM_REG_PC)],
        "x": uc.reg_read(arm.UC_ARM_REG_XPSR),
        "m": changed,
    }
    if has_floats:
        answer["s"] = [uc.reg_read(register) for register in S]
        answer["f"] = uc.reg_read(arm.UC_ARM_REG_FPSCR)
    return answer


def main():
    head = json.loads(sys.stdin.readline())
    pattern = bytes.fromhex(head["ram"])
    has_floats = head["core"] == "M33"
    uc = machine(head["core"], pattern)
    for line in sys.stdin:
        print(json.dumps(run(uc, json.loads(line), pattern, has_floats)))


main()
