#!/usr/bin/env bash
# Two boards run the same scenario in one night; each writes its JUnit file, with the board as the name of the
# <testsuite> and equal classname and name in it. Allure 3 makes one report of both.
#
# Guessed: two results, told apart by suite: board-a failed, board-b passed. (That two cases of one name within one file
#   become retries, I knew.)
# Seen: allure 3.18.0 takes one of the two for a retry of the other. The report says 1 test, 1 retry, passed; the
#   failure is inside the passed test's history. The suite is no part of a case's identity, only classname and name are.
# Matters: a board that bricks is hidden by another one that passes. Put the board into classname or name of each case.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs allure@3.18.0

mkdir same named
junit() {
  printf '<testsuites><testsuite name="%s"><testcase classname="%s" name="swap" time="1">%s</testcase>' "$1" "$2" "$3"
  printf '</testsuite></testsuites>'
}
junit board-a upgrade '<failure message="does not boot"/>' >same/a.xml
junit board-b upgrade '' >same/b.xml
junit board-a board-a.upgrade '<failure message="does not boot"/>' >named/a.xml
junit board-b board-b.upgrade '' >named/b.xml
for folder in same named; do
  (cd js && npx --no-install allure generate "../$folder" -o "../$folder-report" >/dev/null 2>&1) || true
  python3 - "$folder" <<'PY'
import json, sys
stats = json.load(open(f"{sys.argv[1]}-report/summary.json"))["stats"]
print({"same": "board as suite:", "named": "board in classname:"}[sys.argv[1]], dict(sorted(stats.items())))
PY
done >seen

expect <<'SEEN'
board as suite: {'passed': 1, 'retries': 1, 'total': 1}
board in classname: {'failed': 1, 'passed': 1, 'total': 2}
SEEN
