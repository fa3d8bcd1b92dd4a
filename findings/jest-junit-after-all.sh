#!/usr/bin/env bash
# A Jest suite passes its test, and then its afterAll hook fails: the relay stays on. Reporter: jest-junit, with
# reportTestSuiteErrors on.
#
# Guessed: the hook's failure is counted, as a failure or an error of that suite.
# Seen: jest-junit 17.0.0 adds a <testcase> with a <failure>, but the suite says tests="1" failures="0" errors="0" with
#   two cases in it, and so do the totals; only Jest's exit code is 1. A test marked test.todo stands there as a passed
#   case.
# Matters: dashboards that read the attributes call the run green while the bench is left with power on. Read elements,
#   or switch power off in the test and not in a hook.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs jest@30.5.2 jest-junit@17.0.0

cat >js/power.test.js <<'JS'
afterAll(() => { throw new Error("relay stays on"); });
test("upgrade", () => {});
test.todo("downgrade");
JS
status=0
(cd js && JEST_JUNIT_REPORT_TEST_SUITE_ERRORS=true npx --no-install jest --reporters=jest-junit >/dev/null 2>&1) || status=$?
{
  echo "jest ends with exit code $status"
  python3 - <<'PY'
import xml.etree.ElementTree as ET
root = ET.parse("js/junit.xml").getroot()
for element in (root, root[0]):
    print(element.tag, {name: element.get(name) for name in ("tests", "failures", "errors", "skipped")})
for case in root.iter("testcase"):
    print("  testcase", case.get("name").strip()[:22], [child.tag for child in case])
PY
} >seen

expect <<'SEEN'
jest ends with exit code 1
testsuites {'tests': '1', 'failures': '0', 'errors': '0', 'skipped': None}
testsuite {'tests': '1', 'failures': '0', 'errors': '0', 'skipped': '0'}
  testcase upgrade []
  testcase downgrade []
  testcase Test execution failure ['failure']
SEEN
