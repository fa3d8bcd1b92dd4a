#!/usr/bin/env bash
# Versions made of a date or a build counter, as many release scripts do: `date +%y.%m.%d`, `printf 1.2.3+%03d`.
#
# Guessed: imgtool reads the parts as numbers, 26.09.05 is 26.9.5: the header holds four binary numbers, a leading zero
#   cannot be told there.
# Seen: imgtool 2.5.0 refuses each part that begins with a zero and is not zero ("Invalid version number"); 1.2.3+007,
#   too. 26.11.29 passes. Python's packaging and semver both take the build part with zeros.
# Matters: of the 366 days of 2028 a script with %y.%m.%d builds on 65 only, and the error names the rule for parts that
#   may be missing, not the zero. Use %-m and %-d.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi imgtool==2.5.0 packaging==26.4 semver==3.1.2

py - <<'PY' >seen
import datetime, packaging.version, semver
from imgtool.version import decode_version
def taken(text):
    try:
        return str(tuple(decode_version(text)))
    except ValueError as error:
        return f"refused: {error}"
for text in ("26.11.29", "26.9.5", "26.09.05", "1.2.3+7", "1.2.3+007", "1.2.3+0", "0.0.0"):
    print(f"imgtool {text}: {taken(text)}")
first = datetime.date(2028, 1, 1)
days = [first + datetime.timedelta(days=n) for n in range(366)]
good = [d for d in days if not taken(f"{d:%y.%m.%d}").startswith("refused")]
print(f"days of 2028 with a version that imgtool takes: {len(good)}")
print("packaging:", packaging.version.Version("1.2.3+007"), "semver:", semver.Version.parse("1.2.3+007"))
PY
: >empty.bin
"$WORK/py/bin/imgtool" sign --header-size 0x200 --pad-header --slot-size 0x10000 --align 4 --version 26.09.05 \
  empty.bin out.bin >/dev/null 2>&1 || echo "imgtool sign --version 26.09.05: exit $?" >>seen

expect <<'SEEN'
imgtool 26.11.29: (26, 11, 29, 0)
imgtool 26.9.5: (26, 9, 5, 0)
imgtool 26.09.05: refused: Invalid version number, should be maj.min.rev+build with later parts optional
imgtool 1.2.3+7: (1, 2, 3, 7)
imgtool 1.2.3+007: refused: Invalid version number, should be maj.min.rev+build with later parts optional
imgtool 1.2.3+0: (1, 2, 3, 0)
imgtool 0.0.0: (0, 0, 0, 0)
days of 2028 with a version that imgtool takes: 65
packaging: 1.2.3+7 semver: 1.2.3+007
imgtool sign --version 26.09.05: exit 2
SEEN
