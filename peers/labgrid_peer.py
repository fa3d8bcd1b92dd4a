"""What labgrid itself makes of environment files and of its power models; JSON on standard output.

labgrid_peer.py environments FILE...   for each target: the power driver, and where its chain of bindings ends
labgrid_peer.py models                 for each job {model, host, index} of standard input: its requests, and what it
                                       makes of each given answer
Only what a user of labgrid calls is called; nothing is sent.
"""

import importlib
import json
import sys
import types


def end_of(driver):
    """A driver's only supplier, all the way down."""
    suppliers = list(getattr(driver, "suppliers", ()))
    return end_of(suppliers[0]) if suppliers else driver


def named(part):
    return {"cls": type(part).__name__, "name": part.name}


def environments(files):
    from labgrid import Environment
    from labgrid.protocol import PowerProtocol

    said = {}
    for file in files:
        try:
            environment = Environment(file)
            data = json.loads(json.dumps(environment.config.data))
            targets = {}
            for name in environment.config.get_targets():
                target = environment.get_target(name)
                drivers = [driver for driver in target.drivers if isinstance(driver, PowerProtocol)]
                targets[name] = {
                    "power": [named(end_of(driver)) for driver in drivers],
                    "serial": [named(end_of(d)) for d in target.drivers if type(d).__name__ == "SerialDriver"],
                    "resources": [named(resource) for resource in target.resources],
                }
            said[file] = {"targets": targets, "data": data}
        except Exception as error:  # what labgrid refuses is an answer
            said[file] = f"{type(error).__name__}: {error}"
    return said


class Pretended:
    """Stands where `requests` stands: keeps what would be sent, and answers as told."""

    def __init__(self, answer):
        self.sent = []
        self.answer = answer

    def request(self, method, url, data=None, **_):
        import requests

        body = requests.Request("POST", "http://x", data=data).prepare().body if data is not None else None
        text = body.decode() if isinstance(body, bytes) else body
        self.sent.append({"method": method.upper(), "url": url, "body": text})
        answer = self.answer
        return types.SimpleNamespace(
            text=answer, raise_for_status=lambda: None, json=lambda: json.loads(answer), status_code=200
        )

    def install(self):
        import requests

        for method in ("get", "put", "post"):
            setattr(requests, method, lambda url, _method=method, **more: self.request(_method, url, **more))


def requests_of(job):
    import requests

    backend = importlib.import_module(f"labgrid.driver.power.{job['model']}")
    port = getattr(backend, "PORT", None)
    told = {}
    for state in (True, False):
        pretended = Pretended(job["answers"]["on" if state else "off"])
        pretended.install()
        backend.power_set(job["host"], port, job["index"], state)
        told["on" if state else "off"] = pretended.sent[0]
    reads = {}
    for name, answer in job["answers"].items():
        pretended = Pretended(answer)
        pretended.install()
        reads[name] = bool(backend.power_get(job["host"], port, job["index"]))
        told["status"] = pretended.sent[0]
    return {**told, "reads": reads}


if __name__ == "__main__":
    if sys.argv[1] == "environments":
        print(json.dumps(environments(sys.argv[2:])))
    else:
        print(json.dumps([requests_of(job) for job in json.load(sys.stdin)]))
