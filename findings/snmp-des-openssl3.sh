#!/usr/bin/env bash
# A power switch of an older kind speaks SNMP 3 with MD5 and DES. net-snmp for Node lists DES beside AES.
#
# Guessed: a client and an agent of the package understand each other with every pair that it lists.
# Seen: with net-snmp 3.29.2 on a Node that has OpenSSL 3, as all since 17, DES never works: the call ends with "digital
#   envelope routines::unsupported". AES-128 and both AES-256 work, with all six digests. With node's option
#   --openssl-legacy-provider, DES does, too.
# Matters: SNMP 3 as such seems broken, and people fall back to a community in the clear. Set the switch to AES.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs net-snmp@3.29.2

cat >js/run.mjs <<'JS'
import { createSocket } from "node:dgram";
import snmp from "net-snmp";
const OID = "1.3.6.1.4.1.318.1";
const digests = ["md5", "sha", "sha224", "sha256", "sha384", "sha512"];
const free = createSocket("udp4");
const port = await new Promise((bound) => free.bind(0, "127.0.0.1", () => bound(free.address().port)));
await new Promise((closed) => free.close(closed));
const agent = snmp.createAgent({ port, address: "127.0.0.1" }, () => {});
agent.getMib().registerProvider({
  name: "outlet",
  type: snmp.MibProviderType.Scalar,
  oid: OID,
  scalarType: snmp.ObjectType.Integer,
  maxAccess: snmp.MaxAccess["read-only"],
});
agent.getMib().setScalarValue("outlet", 1);
for (const cipher of ["des", "aes", "aes256b", "aes256r"]) {
  const seen = new Set();
  for (const digest of digests) {
    const user = {
      name: `${digest}-${cipher}`,
      level: snmp.SecurityLevel.authPriv,
      authProtocol: snmp.AuthProtocols[digest],
      authKey: "first passphrase",
      privProtocol: snmp.PrivProtocols[cipher],
      privKey: "second passphrase",
    };
    agent.getAuthorizer().addUser(user);
    const session = snmp.createV3Session("127.0.0.1", user, { port, timeout: 20_000 });
    seen.add(await new Promise((done) => {
      session.get([`${OID}.0`], (error, varbinds) => done(error?.message ?? `outlet is ${varbinds[0].value}`));
    }));
    session.close();
  }
  console.log(`${cipher}, ${digests.length} digests: ${[...seen].join("; ")}`);
}
process.exit();
JS
{
  echo "node:"
  (cd js && node run.mjs)
  echo "node --openssl-legacy-provider:"
  (cd js && node --openssl-legacy-provider run.mjs)
} >seen

expect <<'SEEN'
node:
des, 6 digests: error:0308010C:digital envelope routines::unsupported
aes, 6 digests: outlet is 1
aes256b, 6 digests: outlet is 1
aes256r, 6 digests: outlet is 1
node --openssl-legacy-provider:
des, 6 digests: outlet is 1
aes, 6 digests: outlet is 1
aes256b, 6 digests: outlet is 1
aes256r, 6 digests: outlet is 1
SEEN
