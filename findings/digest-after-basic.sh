#!/usr/bin/env bash
# A power switch offers Basic and Digest, Basic first; RFC 7235 lets it say so in two header lines or in one:
#   WWW-Authenticate: Basic realm="switch"            WWW-Authenticate: Basic realm="switch", Digest realm=…
#   WWW-Authenticate: Digest realm="switch", …
#
# Guessed: every client with digest authentication finds the challenge that it can answer, in both forms.
# Seen: only requests 2.34.2 does. aiohttp 3.14.5 finds Digest in neither form and makes no second try; httpx
#   0.28.1 and urllib 4.9.1 find it in two lines only; digest-fetch 3.1.1 finds it in neither and answers with a header
#   that begins with the word Basic. With Digest alone, or first, all get in.
# Matters: the same switch works from the shell and from one script, and refuses the next. Where it can be set, leave
#   Digest alone switched on.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi requests==2.34.2 httpx==0.28.1 aiohttp==3.14.5
npmjs digest-fetch@3.1.1 urllib@4.9.1

cat >js/clients.mjs <<'JS'
import DigestClient from "digest-fetch";
import urllib from "urllib";
const [, , name, url] = process.argv;
const clients = {
  "digest-fetch": async () => (await new DigestClient("admin", "secret").fetch(url)).status,
  urllib: async () => (await urllib.request(url, { digestAuth: "admin:secret" })).status,
};
console.log(await clients[name]());
JS

cat >run.py <<'PY'
import asyncio, hashlib, re, subprocess, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import aiohttp, httpx, requests
from requests.auth import HTTPDigestAuth

BASIC, DIGEST = 'Basic realm="switch"', 'Digest realm="switch", qop="auth", nonce="5f3c9a", algorithm=MD5'
OFFERS = {
    "/digest": [DIGEST],
    "/digest-basic": [DIGEST, BASIC],
    "/basic-digest": [BASIC, DIGEST],
    "/basic-digest-in-one-line": [f"{BASIC}, {DIGEST}"],
}
sent = []

def right(header, path):
    sent.append(header.split()[0])
    if sent[-1] != "Digest":
        return False
    got = dict(re.findall(r'(\w+)="?([^",]*)', header))
    def h(*parts): return hashlib.md5(":".join(parts).encode()).hexdigest()
    middle = (got["nonce"], got["nc"], got["cnonce"], got["qop"])
    return got["response"] == h(h("admin", "switch", "secret"), *middle, h("GET", path))

class Switch(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        header = self.headers.get("Authorization")
        good = header is not None and right(header, self.path)
        self.send_response(200 if good else 401)
        for challenge in [] if good else OFFERS[self.path]:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()

server = ThreadingHTTPServer(("127.0.0.1", 0), Switch)
threading.Thread(target=server.serve_forever, daemon=True).start()

async def by_aiohttp(url):
    digest = aiohttp.DigestAuthMiddleware("admin", "secret")
    async with aiohttp.ClientSession(middlewares=(digest,)) as session, session.get(url) as answer:
        return answer.status

def by_node(name):
    return lambda url: int(subprocess.run(["node", "clients.mjs", name, url], cwd="js", capture_output=True, text=True).stdout)

clients = {
    "requests": lambda url: requests.get(url, auth=HTTPDigestAuth("admin", "secret")).status_code,
    "httpx": lambda url: httpx.get(url, auth=httpx.DigestAuth("admin", "secret")).status_code,
    "aiohttp": lambda url: asyncio.run(by_aiohttp(url)),
    **{name: by_node(name) for name in ("digest-fetch", "urllib")},
}
for name, client in clients.items():
    print(name + ":")
    for path in OFFERS:
        sent.clear()
        status = client(f"http://127.0.0.1:{server.server_port}{path}")
        print(f"  {path[1:]}: {status}, answered with {', '.join(sent) or 'nothing'}")
PY
py run.py >seen

expect <<'SEEN'
requests:
  digest: 200, answered with Digest
  digest-basic: 200, answered with Digest
  basic-digest: 200, answered with Digest
  basic-digest-in-one-line: 200, answered with Digest
httpx:
  digest: 200, answered with Digest
  digest-basic: 200, answered with Digest
  basic-digest: 200, answered with Digest
  basic-digest-in-one-line: 401, answered with nothing
aiohttp:
  digest: 200, answered with Digest
  digest-basic: 200, answered with Digest
  basic-digest: 401, answered with nothing
  basic-digest-in-one-line: 401, answered with nothing
digest-fetch:
  digest: 200, answered with Digest
  digest-basic: 200, answered with Digest
  basic-digest: 401, answered with Basic
  basic-digest-in-one-line: 401, answered with Basic
urllib:
  digest: 200, answered with Digest
  digest-basic: 200, answered with Digest
  basic-digest: 200, answered with Digest
  basic-digest-in-one-line: 401, answered with nothing
SEEN
