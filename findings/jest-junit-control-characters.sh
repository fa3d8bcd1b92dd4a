#!/usr/bin/env bash
# A Jest test fails with a message that quotes what a board sent: a boot log holds NUL bytes where power came back, and
# backspaces from a shell. Reporter: jest-junit.
#
# Guessed: characters that XML forbids are dropped or written as text. That is the one duty of such a reporter, and it
#   does so for ANSI colours.
# Seen: of the control characters that XML 1.0 forbids, jest-junit 17.0.0 drops only ESC; the others, and U+FFFE, go
#   into the file as they are (28 of the 29 tried). The whole report, all suites, is then not well-formed.
# Matters: one bad boot log and the CI shows no result at all for that run. Escape what a board said before it gets into
#   an assertion's message.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs jest@30.5.2 jest-junit@17.0.0

report() {
  cat >js/board.test.js
  (cd js && npx --no-install jest --reporters=jest-junit >/dev/null 2>&1) || true
}
well_formed() {
  python3 -c 'import sys, xml.etree.ElementTree as ET
try: ET.parse(sys.argv[1]); print("well-formed")
except ET.ParseError as error: print("not well-formed")' js/junit.xml
}

{
  report <<'JS'
test("boot log", () => { throw new Error("got: \u001b[31mred\u001b[0m"); });
JS
  echo "colours: $(well_formed)"
  report <<'JS'
test("boot log", () => { throw new Error("got: \u0000*** Booting"); });
JS
  echo "a NUL byte: $(well_formed)"
  report <<'JS'
const forbidden = [...Array(32).keys()].filter((code) => ![9, 10, 13].includes(code)).concat(0xfffe);
for (const code of forbidden) test(`code ${code}`, () => { throw new Error(`<<${String.fromCharCode(code)}>>`); });
JS
  python3 - <<'PY'
import re
text = open("js/junit.xml", encoding="utf-8", errors="surrogatepass").read()
found = re.findall(r'name=" ?code (\d+)".*?<failure>Error: &lt;&lt;(.*?)&gt;&gt;', text, re.S)
gone = [int(code) for code, body in found if chr(int(code)) not in body]
print("forbidden characters tried:", len(found), "left in the file:", len(found) - len(gone), "gone:", gone)
PY
} >seen

expect <<'SEEN'
colours: well-formed
a NUL byte: not well-formed
forbidden characters tried: 29 left in the file: 28 gone: [27]
SEEN
