#!/usr/bin/env bash
# A host writes more than a serial port takes at once (a packet of some kilobytes at 115200 baud is enough on a slow
# adapter), and the board says something in the meantime: an echo, its log, the answer to what came before.
#
# Guessed: writing waits for room, reading goes on: the two directions of a UART have nothing to do with each other.
# Seen: serialport 13.0.0 (bindings-cpp 13.0.0, Linux) gives no byte to its reader until the write has found room. Its
#   poller asks the system for the last event that it was asked for, alone: "tell me when it can be written" takes the
#   place of "tell me when something comes". Without a write that waits the same bytes come at once.
#   Where both become possible at once it is a race, and the one that loses waits on: in two runs of three here the rest
#   of the write did not leave in 10 s, until the board would have said something more.
# Matters: moments of arrival are those of the write's end, and a kernel's buffer of 4 KiB may run over in the meantime.
#   A board that reads on only when its answer was taken never goes on: each waits for the other. Write in pieces that
#   the port takes at once, or ask its poller for both events.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs serialport@13.0.0

cat >js/port.cjs <<'JS'
const { SerialPort } = require("serialport");
const [, , path, bytes] = process.argv;
const port = new SerialPort({ path, baudRate: 115200 });
port.on("data", (came) => console.log(`heard ${came.length}`));
port.on("open", () => {
  if (bytes !== "0") port.write(Buffer.alloc(Number(bytes), 0x55), () => console.log("written"));
  console.log("open");
});
process.stdin.on("end", () => process.exit(0)).resume();
JS
python3 - >seen <<'PY'
import os, pty, select, subprocess, tty

for wanted in (0, 100, 100000):
    board, port = pty.openpty()
    tty.setraw(board)
    tty.setraw(port)
    host = subprocess.Popen(["node", "js/port.cjs", os.ttyname(port), str(wanted)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def said(seconds):
        text = b""
        while select.select([host.stdout], [], [], seconds)[0]:
            more = os.read(host.stdout.fileno(), 4096)
            if not more:
                break
            text += more
        return text.decode().split("\n")[:-1]

    said(2)
    os.write(board, b"A" * 100)
    early = [line for line in said(2) if line.startswith("heard")]
    while select.select([board], [], [], 2)[0]:
        os.read(board, 65536)
    late = [line for line in said(1) if line.startswith("heard")]
    print(f"host writes {wanted}: while the board does not read: {early}; once it reads: {late}")
    host.stdin.close()
    host.wait()
PY

expect <<'SEEN'
host writes 0: while the board does not read: ['heard 100']; once it reads: []
host writes 100: while the board does not read: ['heard 100']; once it reads: []
host writes 100000: while the board does not read: []; once it reads: ['heard 100']
SEEN
