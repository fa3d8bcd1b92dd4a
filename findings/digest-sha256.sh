#!/usr/bin/env bash
# A power switch asks for digest authentication with SHA-256 and with nothing else, as Shelly's second generation does:
#   WWW-Authenticate: Digest qop="auth", realm="switch", nonce="…", algorithm=SHA-256
#
# Guessed: every client that is maintained today takes the algorithm from the challenge and gets in.
# Seen: requests 2.34.2, httpx 0.28.1 and aiohttp 3.14.5 do. Of the two packages for Node, urllib 4.9.1 and
#   digest-fetch 3.1.1, neither does: both answer with MD5 and raise nothing, so all that is left is a second 401.
#   digest-fetch gets in when it is told { algorithm: "SHA-256" } beforehand; then it can no longer talk to a switch
#   that wants MD5. urllib has no such option.
# Matters: 401 reads as "wrong password", and somebody goes and changes it. Look at the challenge first (curl -i).
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi requests==2.34.2 httpx==0.28.1 aiohttp==3.14.5
npmjs digest-fetch@3.1.1 urllib@4.9.1

cat >js/clients.mjs <<'JS'
import DigestClient from "digest-fetch";
import urllib from "urllib";
const [, , name, url] = process.argv;
const told = { algorithm: "SHA-256" };
const clients = {
  "digest-fetch": async () => (await new DigestClient("admin", "secret").fetch(url)).status,
  "digest-fetch, told": async () => (await new DigestClient("admin", "secret", told).fetch(url)).status,
  urllib: async () => (await urllib.request(url, { digestAuth: "admin:secret" })).status,
};
console.log(await clients[name]());
JS

cat >run.py <<'PY'
import asyncio, hashlib, re, subprocess, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import aiohttp, httpx, requests
from requests.auth import HTTPDigestAuth

HASH = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
sent = []

def right(algorithm, header, path):
    got = dict(re.findall(r'(\w+)="?([^",]*)', header))
    def h(*parts): return HASH[algorithm](":".join(parts).encode()).hexdigest()
    sent.append(got.get("algorithm", "MD5"))
    middle = (got["nonce"], got["nc"], got["cnonce"], got["qop"])
    return got["response"] == h(h("admin", "switch", "secret"), *middle, h("GET", path))

class Switch(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        algorithm, header = self.path[1:], self.headers.get("Authorization")
        good = header is not None and right(algorithm, header, self.path)
        self.send_response(200 if good else 401)
        if not good:
            challenge = f'Digest qop="auth", realm="switch", nonce="5f3c9a", algorithm={algorithm}'
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
    **{name: by_node(name) for name in ("digest-fetch", "digest-fetch, told", "urllib")},
}
for name, client in clients.items():
    for algorithm in HASH:
        sent.clear()
        status = client(f"http://127.0.0.1:{server.server_port}/{algorithm}")
        print(f"{name}: asked for {algorithm}, answers with {', '.join(sent)}: {status}")
PY
py run.py >seen

expect <<'SEEN'
requests: asked for MD5, answers with MD5: 200
requests: asked for SHA-256, answers with SHA-256: 200
httpx: asked for MD5, answers with MD5: 200
httpx: asked for SHA-256, answers with SHA-256: 200
aiohttp: asked for MD5, answers with MD5: 200
aiohttp: asked for SHA-256, answers with SHA-256: 200
digest-fetch: asked for MD5, answers with MD5: 200
digest-fetch: asked for SHA-256, answers with MD5: 401
digest-fetch, told: asked for MD5, answers with SHA-256: 401
digest-fetch, told: asked for SHA-256, answers with SHA-256: 200
urllib: asked for MD5, answers with MD5: 200
urllib: asked for SHA-256, answers with MD5: 401
SEEN
