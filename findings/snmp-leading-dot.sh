#!/usr/bin/env bash
# Object identifiers of a power switch are written with and without a dot in front (.1.3.6.1.… and 1.3.6.1.…); manuals
# and snmpwalk -On print the dot.
#
# Guessed: every client takes both.
# Seen: of the two packages for Node, net-snmp 3.29.2 refuses the dot and snmp-native 1.2.0 refuses its absence (an
#   array of numbers it takes as well); each says only that the OID is not valid. pysnmp 7.1.30, puresnmp 2.0.1 and
#   snmpset take both.
# Matters: a lab file that worked with one of them is wrong, on every line, with the other. Strip the dot where the file
#   is read.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi pysnmp==7.1.30 puresnmp==2.0.1
npmjs net-snmp@3.29.2 snmp-native@1.2.0
debian snmp=5.9.3+dfsg-2+deb12u1 libsnmp40=5.9.3+dfsg-2+deb12u1

cat >js/client.mjs <<'JS'
import snmp from "net-snmp";
import native from "snmp-native";
const [, , name, port, oid] = process.argv;
const options = { port: Number(port) };
const done = (error) => {
  console.log(error ? `refused: ${error.message}` : "set");
  process.exit();
};
try {
  if (name === "net-snmp (Node)") {
    const varbind = { oid, type: snmp.ObjectType.Integer, value: 2 };
    snmp.createSession("127.0.0.1", "private", options).set([varbind], done);
  } else {
    const session = new native.Session({ host: "127.0.0.1", community: "private", ...options });
    session.set({ oid, type: 2, value: 2 }, done);
  }
} catch (error) {
  done(error);
}
JS

cat >run.py <<'PY'
import asyncio, os, socket, subprocess, threading
from pysnmp.hlapi.v3arch import asyncio as pysnmp
import puresnmp
from x690.types import Integer, ObjectIdentifier

switch = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
switch.bind(("127.0.0.1", 0))
port = switch.getsockname()[1]

def answer():
    """Answers each SET with itself as the response."""
    while True:
        packet, client = switch.recvfrom(2048)
        pdu = 7 + packet[6]
        switch.sendto(packet[:pdu] + b"\xa2" + packet[pdu + 1 :], client)

threading.Thread(target=answer, daemon=True).start()

def by_snmpset(oid):
    environment = dict(os.environ, LD_LIBRARY_PATH="root/usr/lib/x86_64-linux-gnu", MIBS="")
    command = ["root/usr/bin/snmpset", "-v1", "-cprivate", f"127.0.0.1:{port}", oid, "i", "2"]
    return "set" if subprocess.run(command, env=environment, capture_output=True).returncode == 0 else "refused"

async def by_pysnmp(oid):
    target = await pysnmp.UdpTransportTarget.create(("127.0.0.1", port), timeout=5)
    bind = pysnmp.ObjectType(pysnmp.ObjectIdentity(oid), pysnmp.Integer32(2))
    community = pysnmp.CommunityData("private", mpModel=0)
    error, *_ = await pysnmp.set_cmd(pysnmp.SnmpEngine(), community, target, pysnmp.ContextData(), bind)
    return f"refused: {error}" if error else "set"

async def by_puresnmp(oid):
    client = puresnmp.Client("127.0.0.1", puresnmp.V2C("private"), port=port)
    await client.set(ObjectIdentifier(oid), Integer(2))
    return "set"

def by_node(name):
    def run(oid):
        command = ["node", "client.mjs", name, str(port), oid]
        return subprocess.run(command, cwd="js", capture_output=True, text=True).stdout.strip()
    return run

clients = {
    "snmpset": by_snmpset,
    "pysnmp": lambda oid: asyncio.run(by_pysnmp(oid)),
    "puresnmp": lambda oid: asyncio.run(by_puresnmp(oid)),
    "net-snmp (Node)": by_node("net-snmp (Node)"),
    "snmp-native": by_node("snmp-native"),
}
for name, client in clients.items():
    for dot in ("", "."):
        print(f"{name}, {dot}1.3.6…: {client(dot + '1.3.6.1.4.1.318.1.1.4.4.2.1.3.1')}")
PY
py run.py >seen 2>errors || { cat errors >&2; exit 1; }

expect <<'SEEN'
snmpset, 1.3.6…: set
snmpset, .1.3.6…: set
pysnmp, 1.3.6…: set
pysnmp, .1.3.6…: set
puresnmp, 1.3.6…: set
puresnmp, .1.3.6…: set
net-snmp (Node), 1.3.6…: set
net-snmp (Node), .1.3.6…: refused: argument is not a valid OID string
snmp-native, 1.3.6…: refused: Invalid OID format
snmp-native, .1.3.6…: set
SEEN
