# The proxies under test: the files that configure each, the command that starts it, and what it can take part in.
# The files themselves are in Benchmarks/peers; measures nothing.

import grp
import os
import pathlib
import pwd
import re

from bench.processes import Failure, await_port, free_port

TEMPLATES = pathlib.Path(__file__).resolve().parent.parent / "peers"
DOMAIN = "bench.example"
LOGGING = {"relevo", "nginx", "nginx-system", "haproxy"}


class Setup:
    """How a proxy is to be started: what differs between scenarios."""

    def __init__(self, workers=1, log=False, domains=0, routes=0, tls=None, observed=None):
        self.workers = workers
        self.log = log
        self.domains = domains
        self.routes = routes
        # Whether somebody looks on by all means that there are, or nobody; None for what is usual.
        self.observed = observed
        self.tls = tls  # None, `clients`: they speak TLS to the proxy, `origin`: the proxy does to it

    @property
    def conditions(self):
        """What a template's lines may be for."""
        observed = {None: "usual", True: "observed", False: "unobserved"}[self.observed]
        return {
            "tls" if self.tls == "clients" else "plain", "tls-origin" if self.tls == "origin" else "plain-origin",
            observed}


class Peer:
    """One proxy: its name, its program and the templates of its configuration."""

    def __init__(self, name, program, templates, arguments, environment=()):
        self.name = name
        self.program = program
        self.templates = templates
        self.arguments = arguments
        self.environment = dict(environment)

    def start(self, processes, setup, place, lifetime):
        """Starts it in the folder `place.work` for the origin there; returns the process and its port."""
        for attempt in range(3):
            port = free_port()
            values = substitutions(self.name, setup, place, port)
            for template, target in self.templates.items():
                fill(TEMPLATES / template, place.work / target, values, setup.conditions)
            argv = [self.program.path] + [part.format(**values) for part in self.arguments]
            environment = {key: value.format(**values) for key, value in self.environment.items()}
            process = processes.start(self.name, argv, place.work, lifetime, place.cores, environment)
            try:
                await_port(process, port)
                return process, port
            except Failure as failure:
                processes.stop(process)
                # Another program can take the port before the proxy does; twice in a row it is something else.
                if attempt == 2 or not re.search("in use|bind", str(failure), re.IGNORECASE):
                    raise


class Place:
    """Where a proxy runs: folder, cores, the port of the origin, and the certificate, if there is one."""

    def __init__(self, work, cores, origin, identity=None):
        self.work = work
        self.cores = cores
        self.origin = origin
        self.identity = identity


def make_peers(programs):
    """The peers of which there is a program, by name."""
    go = {"GOMAXPROCS": "{workers}", "HOME": "{work}", "XDG_DATA_HOME": "{work}", "XDG_CONFIG_HOME": "{work}"}
    envoy = ["-c", "envoy.yaml", "--concurrency", "{workers}", "--log-level", "error", "--use-dynamic-base-id"]
    nginx = ({"nginx.conf.in": "nginx.conf"}, ["-e", "stderr", "-p", "{work}", "-c", "nginx.conf"], {})
    known = {
        "relevo": ({"relevo.yaml.in": "relevo.yaml"}, ["run", "relevo.yaml"], {}),
        "nginx": nginx,
        "nginx-system": nginx,
        "haproxy": ({"haproxy.cfg.in": "haproxy.cfg"}, ["-db", "-f", "haproxy.cfg"], {}),
        "envoy": ({"envoy.yaml.in": "envoy.yaml"}, envoy, {}),
        "caddy": ({"Caddyfile.in": "Caddyfile"}, ["run", "--config", "Caddyfile", "--adapter", "caddyfile"], go),
        "traefik": (
            {"traefik.yaml.in": "traefik.yaml", "traefik-routes.yaml.in": "traefik-routes.yaml"},
            ["--configFile=traefik.yaml"], go),
        "prototype": ({}, ["{port}", "{origin}"], {}),
    }
    return {name: Peer(name, programs[name], *known[name]) for name in known if name in programs}


def substitutions(name, setup, place, port):
    """What stands for the names between @ in the templates."""
    logs = {"relevo": "{ format: json, to: stdout }" if setup.log else "off"}
    logs["nginx"] = logs["nginx-system"] = "access.log combined buffer=32k flush=1s" if setup.log else "off"
    return {
        "port": port, "origin": place.origin, "work": place.work, "workers": setup.workers, "domain": DOMAIN,
        "access_log": logs.get(name, "off"),
        "log_target": "log stdout format raw local0" if setup.log else "",
        "log_requests": "log global\n    option httplog" if setup.log else "no log",
        "domains": domains(setup, place), **account(), **files(place.identity),
    }


def files(identity):
    return {name: getattr(identity, name) for name in ("certificate", "key", "bundle")} if identity else {}


def account():
    """The account that nginx's workers are to have: this one, so that they can write where it can."""
    return {"user": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


def domains(setup, place):
    """Relevo's domains: one, or many with many routes each that share one cluster."""
    origin = place.origin
    if setup.tls == "origin":
        return "\n".join([
            f"  {DOMAIN}: {{ cluster: origin }}", "clusters:", "  origin:",
            f'    endpoints: ["https://127.0.0.1:{origin}"]',
            f'    tls: {{ ca: "{place.identity.certificate}", name: {DOMAIN} }}'])
    if not setup.domains:
        return f'  {DOMAIN}: ["127.0.0.1:{origin}"]'
    lines = []
    for domain in range(1, setup.domains + 1):
        lines += [f"  d{domain}.{DOMAIN}:", "    routes:"]
        lines += [f"      - {{ path: /r{route}/, cluster: origin }}" for route in range(1, setup.routes + 1)]
    return "\n".join(lines + ["clusters:", f'  origin: ["127.0.0.1:{origin}"]'])


def fill(template, target, values, conditions=()):
    """Writes the template with its names between @ replaced; a name without a value is an error.

    A line that begins with `@if CONDITION@` is taken, without that, only if the condition is among those given.
    """
    lines = []
    for line in template.read_text().splitlines():
        if match := re.match("@if ([a-z-]+)@", line):
            if match[1] not in conditions:
                continue
            line = line[match.end():]
        lines.append(line + "\n")
    target.write_text(re.sub(r"@([a-z_]+)@", lambda match: str(values[match.group(1)]), "".join(lines)))


def logged_lines(name, place):
    """The lines of the access log that a proxy wrote in its folder."""
    path = place.work / ("access.log" if name.startswith("nginx") else f"{name}.out")
    with open(path, "rb") as lines:
        return sum(1 for _ in lines)
