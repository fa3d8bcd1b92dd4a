"""An SNMP agent by pysnmp, for peers/snmp.test.ts: outlet 2 of an APC MasterSwitch, an INTEGER that is kept as it is set.

Its users are named after their protocols (sha256-aes, md5-none, none-none …); their passphrases stand below.
Prints its UDP port, then one line for each value that was set.
"""

import socket

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.proto.rfc1902 import Integer32

OUTLET = (1, 3, 6, 1, 4, 1, 318, 1, 1, 4, 4, 2, 1, 3, 2)
AUTH = {
    "none": config.USM_AUTH_NONE,
    "md5": config.USM_AUTH_HMAC96_MD5,
    "sha": config.USM_AUTH_HMAC96_SHA,
    "sha224": config.USM_AUTH_HMAC128_SHA224,
    "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha384": config.USM_AUTH_HMAC256_SHA384,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}
PRIV = {
    "none": config.USM_PRIV_NONE,
    "des": config.USM_PRIV_CBC56_DES,
    "aes": config.USM_PRIV_CFB128_AES,
    "aes256b": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "aes256r": config.USM_PRIV_CFB256_AES,
}


def main() -> None:
    snmp = engine.SnmpEngine()
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    config.add_transport(snmp, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode(sock=bound))
    for auth, auth_id in AUTH.items():
        for priv, priv_id in PRIV.items():
            level = "noAuthNoPriv" if auth == "none" else "authNoPriv" if priv == "none" else "authPriv"
            if auth == "none" and priv != "none":
                continue
            user = f"{auth}-{priv}"
            config.add_v3_user(snmp, user, auth_id, "maplesyrup", priv_id, "waffles & butter")
            config.add_vacm_user(snmp, 3, user, level, OUTLET[:6], OUTLET[:6])
    config.add_v1_system(snmp, "area", "bench community")
    for model in (1, 2):
        config.add_vacm_user(snmp, model, "area", "noAuthNoPriv", OUTLET[:6], OUTLET[:6])

    known = context.SnmpContext(snmp)
    builder = known.get_mib_instrum().get_mib_builder()
    scalar, instance = builder.import_symbols("SNMPv2-SMI", "MibScalar", "MibScalarInstance")

    class Outlet(instance):
        def writeCommit(self, varBind, **context):  # noqa: N802,N803 (the names are pysnmp's)
            print(int(varBind[1]), flush=True)
            return super().writeCommit(varBind, **context)

    builder.export_symbols(
        "__OUTLET",
        scalar(OUTLET[:-1], Integer32()).setMaxAccess("read-write"),
        Outlet(OUTLET[:-1], OUTLET[-1:], Integer32(2)).setMaxAccess("read-write"),
    )
    cmdrsp.GetCommandResponder(snmp, known)
    cmdrsp.SetCommandResponder(snmp, known)
    print(bound.getsockname()[1], flush=True)
    snmp.transport_dispatcher.job_started(1)
    snmp.open_dispatcher()


main()
