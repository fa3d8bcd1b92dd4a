#!/usr/bin/env bash
# A power switch answers a SET after 1.3 s, as PDUs do that act first; clients send again after a second. A request has
# an id so that both sides know which is which: a late answer still counts, and an agent can see a request twice.
#
# Guessed: whoever sends again sends the same request, with the same id, from the same port; pysnmp, like snmpset, six
#   times at most.
# Seen: net-snmp's snmpset and net-snmp for Node do. pysnmp 7.1.30 takes a new id for each try and drops the answer to
#   the one before: six SETs go out, six good answers come back, and the call ends with "No SNMP response received".
#   puresnmp 2.0.1 keeps the id, but takes a new port for each try, and each takes six seconds.
# Matters: "off" set six times is one "off", but "reboot" or "cycle" of an outlet acts six times, while the script
#   reports that the switch is not there. Give pysnmp a timeout that the slowest switch keeps to, or retries=0.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi pysnmp==7.1.30 puresnmp==2.0.1
npmjs net-snmp@3.29.2
debian snmp=5.9.3+dfsg-2+deb12u1 libsnmp40=5.9.3+dfsg-2+deb12u1

cat >js/client.mjs <<'JS'
import snmp from "net-snmp";
const [, , port, oid] = process.argv;
const session = snmp.createSession("127.0.0.1", "private", { port: Number(port), timeout: 1000, retries: 5 });
session.set([{ oid, type: snmp.ObjectType.Integer, value: 3 }], (error) => {
  console.log(error?.message ?? "done");
  session.close();
});
JS

cat >run.py <<'PY'
import asyncio, os, socket, subprocess, threading
from pysnmp.hlapi.v3arch import asyncio as pysnmp
import puresnmp
from x690.types import Integer, ObjectIdentifier

OID = "1.3.6.1.4.1.318.1.1.4.4.2.1.3.1"

class Switch:
    """Answers each SET with itself as the response, 1.3 s later, unless it is dumb."""
    def __init__(self, dumb=False):
        self.socket, self.seen, self.dumb = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), [], dumb
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()
    def run(self):
        while True:
            packet, client = self.socket.recvfrom(2048)
            pdu = 7 + packet[6]                      # 30 len 02 01 version 04 len community, then the PDU
            self.seen.append((packet[pdu + 4 : pdu + 4 + packet[pdu + 3]], client[1]))
            answer = packet[:pdu] + b"\xa2" + packet[pdu + 1 :]
            if not self.dumb:
                threading.Timer(1.3, self.socket.sendto, (answer, client)).start()

def by_snmpset(port):
    environment = dict(os.environ, LD_LIBRARY_PATH="root/usr/lib/x86_64-linux-gnu", MIBS="")
    command = ["root/usr/bin/snmpset", "-v1", "-cprivate", f"127.0.0.1:{port}", OID, "i", "3"]
    got = subprocess.run(command, env=environment, capture_output=True, text=True)
    return "done" if got.returncode == 0 else got.stderr.strip()

def by_node(port):
    return subprocess.run(["node", "client.mjs", str(port), OID], cwd="js", capture_output=True, text=True).stdout.strip()

async def by_pysnmp(port):
    target = await pysnmp.UdpTransportTarget.create(("127.0.0.1", port))
    bind = pysnmp.ObjectType(pysnmp.ObjectIdentity(OID), pysnmp.Integer32(3))
    community = pysnmp.CommunityData("private", mpModel=0)
    error, *_ = await pysnmp.set_cmd(pysnmp.SnmpEngine(), community, target, pysnmp.ContextData(), bind)
    return str(error or "done")

async def by_puresnmp(port):
    client = puresnmp.Client("127.0.0.1", puresnmp.V2C("private"), port=port)
    try:
        await asyncio.wait_for(client.set(ObjectIdentifier(OID), Integer(3)), 8)
        return "done"
    except asyncio.TimeoutError:
        return "no end within 8 s"

def report(name, switch, result):
    ids, ports = ({seen[which] for seen in switch.seen} for which in (0, 1))
    print(f"{name}: {len(switch.seen)} SETs, {len(ids)} ids, {len(ports)} ports: {result}")

for name, client in (("snmpset", by_snmpset), ("net-snmp (Node)", by_node)):
    switch = Switch()
    report(name, switch, client(switch.port))
switch = Switch()
report("pysnmp", switch, asyncio.run(by_pysnmp(switch.port)))
switch = Switch(dumb=True)
report("puresnmp, no answer at all", switch, asyncio.run(by_puresnmp(switch.port)))
PY
py run.py >seen 2>errors || { cat errors >&2; exit 1; }

expect <<'SEEN'
snmpset: 2 SETs, 1 ids, 1 ports: done
net-snmp (Node): 2 SETs, 1 ids, 1 ports: done
pysnmp: 6 SETs, 6 ids, 1 ports: No SNMP response received before timeout
puresnmp, no answer at all: 2 SETs, 1 ids, 2 ports: no end within 8 s
SEEN
