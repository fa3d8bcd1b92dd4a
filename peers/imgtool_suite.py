"""A pytest plugin: what imgtool's own tests ask of imgtool's command line, `hil image` answers.

HIL_IMAGE_SERVER is the command of imgtool-suite-server.ts, one process for all tests. Without it imgtool answers itself.
"""

import json
import os
import shlex
import subprocess

from click.testing import CliRunner
from imgtool.main import imgtool


class Answer:
    """As much of click's Result as the tests look at."""

    def __init__(self, said):
        self.exit_code = said["exit"]
        self.stdout = said["out"]
        self.stderr = said["err"]
        self.output = self.stdout + self.stderr
        self.stdout_bytes = bytes.fromhex(said["bytes"])
        self.exception = SystemExit(self.exit_code) if self.exit_code else None


if "HIL_IMAGE_SERVER" in os.environ:
    server = subprocess.Popen(
        shlex.split(os.environ["HIL_IMAGE_SERVER"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    real = CliRunner.invoke

    def invoke(self, cli, args=None, **more):
        if cli is not imgtool:
            return real(self, cli, args, **more)
        argv = [args] if isinstance(args, str) else list(args or [])
        server.stdin.write(json.dumps({"argv": argv, "cwd": os.getcwd()}) + "\n")
        server.stdin.flush()
        return Answer(json.loads(server.stdout.readline()))

    CliRunner.invoke = invoke
