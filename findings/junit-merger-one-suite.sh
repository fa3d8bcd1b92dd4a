#!/usr/bin/env bash
# Two boards ran the same suite in one night, so there are two JUnit files with a suite of one name and different
# hostname, properties and time. A merger makes one file for CI of them.
#
# Guessed: the result has two suites, and its root counts both.
# Seen: junit-report-merger 9.0.4 pours them into one suite: the first board's hostname stands over the second's cases,
#   the suite has two <properties>, and its time stays that of the first file. The counts of cases are right.
#   junit-merge 2.0.0 keeps two suites and writes a root without any count; junitparser 5.0.3 does as guessed.
# Matters: whose board failed is lost, as soon as suites are named after campaigns. Put the board into the suite's name
#   or merge with junitparser.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi junitparser==5.0.3
npmjs junit-report-merger@9.0.4 junit-merge@2.0.0

for board in a b; do
  cat >"$board.xml" <<XML
<testsuites tests="2" failures="1" time="4.5">
  <testsuite name="upgrade" tests="2" failures="1" time="4.5" hostname="board-$board">
    <properties><property name="serial" value="$board"/></properties>
    <testcase classname="upgrade" name="swap" time="1.5"/>
    <testcase classname="upgrade" name="cut" time="3"><failure message="no boot"/></testcase>
  </testsuite>
</testsuites>
XML
done
py/bin/junitparser merge a.xml b.xml junitparser.xml
(cd js && npx --no-install jrm ../junit-report-merger.xml ../a.xml ../b.xml >/dev/null)
(cd js && npx --no-install junit-merge -o ../junit-merge.xml ../a.xml ../b.xml >/dev/null)
python3 - >seen <<'PY'
import xml.etree.ElementTree as ET
for name in ("junitparser", "junit-merge", "junit-report-merger"):
    root = ET.parse(name + ".xml").getroot()
    print(f"{name}: root counts {root.get('tests')} tests in {root.get('time')} s")
    for suite in root.iter("testsuite"):
        serials = [p.get("value") for p in suite.iter("property")]
        cases = len(suite.findall("testcase"))
        print(f"  {suite.get('hostname')}, {suite.get('time')} s: {cases} cases, serials {', '.join(serials)}")
PY

expect <<'SEEN'
junitparser: root counts 4 tests in 9.0 s
  board-a, 4.5 s: 2 cases, serials a
  board-b, 4.5 s: 2 cases, serials b
junit-merge: root counts None tests in None s
  board-a, 4.5 s: 2 cases, serials a
  board-b, 4.5 s: 2 cases, serials b
junit-report-merger: root counts 4 tests in 4.5 s
  board-a, 4.5 s: 4 cases, serials a, b
SEEN
