#!/usr/bin/env bash
# A JUnit case carries what is needed to run it again as <properties> (seed, cut time), and a long one has its time with
# a thousands separator, as Maven's reporter writes it ("1,234.5").
#
# Guessed: Allure 3 shows a case's properties as parameters or labels, and either reads the time as 1,234.5 s or gives
#   up.
# Seen: allure 3.18.0 drops the properties of a case, and those of a suite: the result has no parameter, and neither
#   value is anywhere in the report, though system-out is kept as attachment. "1,234.5" becomes one second: read up to
#   the comma.
# Matters: what a replay needs must also be in the message or in system-out; durations of over 1,000 seconds are small
#   numbers in trends. junitparser 5.0.3 reads both as written.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs allure@3.18.0
pypi junitparser==5.0.3

mkdir results
cat >results/junit.xml <<'XML'
<testsuites><testsuite name="lab"><properties><property name="retries" value="suite-4713"/></properties>
<testcase classname="upgrade" name="cuts" time="1,234.5">
<properties><property name="seed" value="seed-4711"/></properties><system-out>kept-4712</system-out>
</testcase></testsuite></testsuites>
XML
(cd js && npx --no-install allure generate ../results -o ../report >/dev/null 2>&1) || true
{
  python3 - <<'PY'
import glob, json
[path] = glob.glob("report/data/test-results/*.json")
result = json.load(open(path))
print("allure: duration", result["duration"], "ms, parameters", result["parameters"],
      "labels", sorted(label["name"] for label in result["labels"]))
PY
  for text in seed-4711 suite-4713 kept-4712; do
    echo "allure: $text is in $(grep -rlF "$text" report | wc -l) files of the report"
  done
  py - <<'PY'
from junitparser import JUnitXml
[case] = list(list(JUnitXml.fromfile("results/junit.xml"))[0])
print("junitparser:", case.time, "s,", [(p.name, p.value) for p in case.child(__import__("junitparser").Properties)])
PY
} >seen

expect <<'SEEN'
allure: duration 1000 ms, parameters [] labels ['suite', 'testClass']
allure: seed-4711 is in 0 files of the report
allure: suite-4713 is in 0 files of the report
allure: kept-4712 is in 1 files of the report
junitparser: 1234.5 s, [('seed', 'seed-4711')]
SEEN
