#!/usr/bin/env bash
# A simulated board has its UART on a pseudo-terminal, and ser2net puts it on the network by RFC 2217, as a lab does with
# its real boards. Tools in Python (smpmgr, miniterm, test suites of one's own) open that with pyserial.
#
# Guessed: it opens; a pseudo-terminal has no DTR, so the request is answered or refused like any other.
# Seen: ser2net 4.3.11 acknowledges baud rate, data bits, parity, stop bits and flow control, and says nothing to "DTR on".
#   pyserial 3.5 waits 3 s for that and gives up: the port cannot be opened, at any speed, with or without rtscts. With
#   "?ign_set_control" in its address, or a client that asks for the speed alone, the board's bytes come.
# Matters: twin, native_sim or QEMU behind ser2net look like a dead server. Put ?ign_set_control behind the address, or
#   take ser2net's raw TCP port.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
debian ser2net=4.3.11-1 libgensio4=2.6.2-4 libyaml-0-2 libwrap0 libsctp1 libavahi-client3 libavahi-common3 libopenipmi0 \
  libpython3.11 libdbus-1-3 libsnmp40 libpcap0.8 libglib2.0-0 libexpat1 libgdbm6 libsensors5 libpopt0
pypi pyserial==3.5

py - >seen <<'PY'
import os, pty, re, socket, subprocess, threading, time, tty
import serial

board, port = pty.openpty()
tty.setraw(board)
tty.setraw(port)

def echo():
    while True:
        os.write(board, os.read(board, 4096))

threading.Thread(target=echo, daemon=True).start()
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    number = free.getsockname()[1]
with open("ser2net.yaml", "w") as file:
    file.write(f"connection: &board\n  accepter: telnet(rfc2217),tcp,127.0.0.1,{number}\n"
               f"  connector: serialdev,{os.ttyname(port)},115200n81,local\n")
libraries = os.path.abspath("root/usr")
server = subprocess.Popen(
    ["root/usr/sbin/ser2net", "-n", "-d", "-u", "-c", "ser2net.yaml", "-P", "pid"], stderr=subprocess.DEVNULL,
    env={**os.environ, "LD_LIBRARY_PATH": f"{libraries}/lib/x86_64-linux-gnu",
         "GENSIO_LIBRARY_PATH": f"{libraries}/libexec/x86_64-linux-gnu/gensio/2.6.2"})
for _ in range(50):
    try:
        socket.create_connection(("127.0.0.1", number)).close()
        break
    except OSError:
        time.sleep(0.1)
time.sleep(1)

for query, options in (("", {}), ("", {"rtscts": True}), ("", {"baudrate": 1000000}), ("?ign_set_control", {})):
    try:
        with serial.serial_for_url(f"rfc2217://127.0.0.1:{number}{query}", timeout=2, **options) as opened:
            opened.write(b"boot log")
            print("pyserial", query, options, "reads", opened.read(8))
    except serial.SerialException as error:
        print("pyserial", query, options, "-", error)
    time.sleep(1)

# IAC WILL COM-PORT, IAC SB COM-PORT requests IAC SE: the answers of RFC 2217 have 100 added to the request's number.
requests = {"baud rate": b"\x01\x00\x01\xc2\x00", "data bits": b"\x02\x08", "parity": b"\x03\x01", "stop bits": b"\x04\x01",
            "no flow control": b"\x05\x01", "DTR on": b"\x05\x08", "RTS on": b"\x05\x0b"}
link = socket.create_connection(("127.0.0.1", number))
link.settimeout(1)
link.sendall(b"\xff\xfb\x2c\xff\xfb\x00\xff\xfd\x00")
def read():
    data = b""
    try:
        while True:
            data += link.recv(4096)
    except TimeoutError:
        return data
read()
for name, request in requests.items():
    link.sendall(b"\xff\xfa\x2c" + request + b"\xff\xf0")
    answer = re.search(rb"\xff\xfa\x2c" + bytes([request[0] + 100]), read())
    print(name, "acknowledged" if answer else "no answer")
link.sendall(b"boot log")
print("then reads", read())
server.kill()
PY

expect <<'SEEN'
pyserial  {} - timeout while waiting for option 'control'
pyserial  {'rtscts': True} - timeout while waiting for option 'control'
pyserial  {'baudrate': 1000000} - timeout while waiting for option 'control'
pyserial ?ign_set_control {} reads b'boot log'
baud rate acknowledged
data bits acknowledged
parity acknowledged
stop bits acknowledged
no flow control acknowledged
DTR on no answer
RTS on no answer
then reads b'boot log'
SEEN
