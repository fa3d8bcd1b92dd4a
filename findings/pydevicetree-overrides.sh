#!/usr/bin/env bash
# A board's devicetree says one thing and its overlay, further down, another: the later value counts.
#
# Guessed: pydevicetree applies overrides, reopened nodes and /delete-property/, and 010 is 8 as in C.
# Seen: pydevicetree 0.0.13 keeps both values and get_field() gives the first, the one that was overridden; to_dts()
#   writes both. A property deleted in an override stays. 010 is 10. Python's dtlib (devicetree 0.0.2, Zephyr's own) and
#   dtc 1.6.1 agree with the specification.
# Matters: a script that takes slot addresses from board file plus overlay with it signs for, and flashes to, the
#   board's slots and not the project's. Read the build's zephyr.dts, which is merged, or use dtlib.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi pydevicetree==0.0.13 devicetree==0.0.2
debian device-tree-compiler=1.6.1-4+b1

cat >board.dts <<'DTS'
/dts-v1/;
/ {
	slot0: partition@c000 {
		reg = <0xc000 0x40000>;
		label = "image-0";
		read-only;
		count = <010>;
	};
};
DTS
cat >overlay.dts <<'DTS'
&slot0 {
	reg = <0x10000 0x70000>;
	/delete-property/ read-only;
};
/ {
	partition@c000 {
		label = "app";
	};
};
DTS
cat board.dts overlay.dts >both.dts
{
  py - <<'PY'
import pydevicetree
from devicetree import dtlib
node = pydevicetree.Devicetree.parseFile("both.dts").get_by_path("/partition@c000")
kept = any(p.name == "read-only" for p in node.properties)
values = [node.get_fields("reg").values, node.get_field("label"), kept, node.get_field("count")]
print("pydevicetree:", *values)
props = dtlib.DT("both.dts").get_node("/partition@c000").props
print("dtlib:", props["reg"].to_nums(), props["label"].to_string(), "read-only" in props, props["count"].to_num())
PY
  deb dtc -q -I dts -O dts both.dts | grep -E 'reg|label|read-only|count' | tr -s '\t\n' ' ' | sed 's/^/dtc:/'
  echo
} >seen

expect <<'SEEN'
pydevicetree: [49152, 262144] image-0 True 10
dtlib: [65536, 458752] app False 8
dtc: reg = <0x10000 0x70000>; label = "app"; count = <0x08>; 
SEEN
