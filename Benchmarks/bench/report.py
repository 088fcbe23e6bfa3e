# Makes results.md from raw results: medians, ranges, ratios to Relevo, and every failure in words.
# The plot is made in plot.py; measures nothing.

import re
import statistics

from bench import plot
from bench.scenarios import ALL, RATE

TITLES = {
    "relevo": "Relevo", "nginx": "nginx", "nginx-system": "system's nginx", "haproxy": "HAProxy", "envoy": "Envoy",
    "caddy": "Caddy", "traefik": "Traefik", "prototype": "prototype", "direct": "no proxy",
}
SCENARIOS = {each.name: each for each in ALL}
UNITS = {"request": ("CPU µs/request", 1e6), "GiB": ("CPU ms/GiB", 1e3)}


class Results:
    """Raw results, sorted by scenario and peer; only runs without error count."""

    def __init__(self, raw):
        self.raw = raw
        self.facts = raw["facts"]
        self.runs = {}
        for run in raw["results"]:
            self.runs.setdefault(run["scenario"], {}).setdefault(run["peer"], []).append(run)
        self.calls = {(each["scenario"], each["peer"]): each for each in raw["syscalls"]}
        self.allocations = {each["scenario"]: each for each in raw.get("allocations", [])}

    def values(self, scenario, peer, key):
        runs = self.runs.get(scenario, {}).get(peer, [])
        return [run[key] for run in runs if key in run and not run.get("errors")]

    def median(self, scenario, peer, key):
        values = self.values(scenario, peer, key)
        return statistics.median(values) if values else None

    def peers(self, scenario):
        """In the order of TITLES, Relevo first."""
        return [peer for peer in TITLES if peer in self.runs.get(scenario, {})]

    def failures(self):
        """What went wrong, one text for each measurement."""
        found = []
        for run in self.raw["results"]:
            where = f"{TITLES[run['peer']]}, {run['scenario']}, round {run['round']}"
            if "failure" in run:
                found.append(f"{where}: {run['failure']}")
            elif run.get("errors"):
                kinds = run.get("error_kinds", {})
                told = ", ".join(f"{kind} {count}" for kind, count in kinds.items() if count)
                told = f" ({told})" if told else ""
                found.append(f"{where}: {run['errors']} errors{told}; the figure does not count")
        for call in self.raw["syscalls"]:
            if "failure" in call:
                found.append(f"{TITLES[call['peer']]}, {call['scenario']}, strace: {call['failure']}")
        for name, figures in self.allocations.items():
            if "failure" in figures:
                found.append(f"Relevo, {name}, heap allocations: {figures['failure']}")
        return found


def number(value):
    """With three digits that mean something, and no more."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(values, factor=1):
    """A median with its range."""
    if not values:
        return "failed"
    middle = number(statistics.median(values) * factor)
    return f"{middle} ({number(min(values) * factor)}–{number(max(values) * factor)})" if len(values) > 1 else middle


def ratio(value, base):
    return f"{value / base:.2f} ×" if value is not None and base else "–"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def overview(results):
    """One row for each peer: the medians of all that has one number, and their ratios to Relevo."""
    plain = overview_table(results, [name for name, scenario in SCENARIOS.items() if not scenario.setup.tls])
    tls = overview_table(results, [name for name, scenario in SCENARIOS.items() if scenario.setup.tls])
    if not plain and not tls:
        return []
    return ["## Overview", "", "Medians; in brackets the ratio to Relevo (above 1: more than Relevo).", "",
            *plain, *(["With TLS:", ""] if plain and tls else []), *tls]


def overview_table(results, names):
    columns = []
    for name in names:
        scenario = SCENARIOS[name]
        if name not in results.runs or name.startswith("domains") or scenario.kind == "rate":
            continue
        idle = scenario.kind == "idle"
        unit, factor = ("KiB/connection", 1) if idle else UNITS[scenario.unit]
        columns.append((name, f"`{name}` {unit}", "kib_per_connection" if idle else "cpu", factor))
    if not columns:
        return []
    rows = []
    for peer in [peer for peer in TITLES if any(peer in results.peers(name) for name, *_ in columns)]:
        row = [TITLES[peer]]
        for name, _, key, factor in columns:
            value = results.median(name, peer, key)
            base = results.median(name, "relevo", key)
            told = number(value * factor) if value is not None else "failed" if peer in results.peers(name) else ""
            row.append(told + (f" ({ratio(value, base)})" if value is not None and base and peer != "relevo" else ""))
        rows.append(row)
    return [*table([""] + [title for _, title, _, _ in columns], rows), ""]


def load_section(results, name):
    scenario = SCENARIOS[name]
    title, factor = UNITS[scenario.unit]
    traced = any((name, peer) in results.calls for peer in results.peers(name))
    head = ["", title, "user", "system", "to Relevo", "requests/s", "p50 ms", "p99 ms", "proxy's core"]
    head += [f"syscalls/{scenario.unit}"] if traced else []
    head += ["log lines/request"] if scenario.setup.log else []
    head += ["resident MiB"] if scenario.setup.tls else []
    rows = []
    base = results.median(name, "relevo", "cpu")
    for peer in results.peers(name):
        def middle(key, scale=1):
            value = results.median(name, peer, key)
            return number(value * scale) if value is not None else "–"
        share = results.median(name, peer, "proxy_load")
        row = [TITLES[peer], spread(results.values(name, peer, "cpu"), factor), middle("user", factor),
               middle("system", factor), ratio(results.median(name, peer, "cpu"), base), middle("per_second"),
               middle("p50"), middle("p99"), f"{share:.0%}" if share is not None else "–"]
        row += [number(results.calls.get((name, peer), {}).get("calls"))] if traced else []
        row += [middle("logged")] if scenario.setup.log else []
        row += [middle("resident", 1 / (1 << 20))] if scenario.setup.tls else []
        rows.append(row)
    return table(head, rows)


def handshakes_told(results, name):
    """What the connections of a load over TLS were."""
    shown = []
    for peer in results.peers(name):
        total, again, tickets, cut = (
            results.median(name, peer, key) for key in ("handshakes", "resumed", "tickets", "cut"))
        if total:
            ends = f", {cut / total:.0%} ended without close_notify" if cut else ""
            shown.append(f"{TITLES[peer]} {again / total:.1%} resumed, {tickets / total:.1f} tickets each{ends}")
    return ["", f"Handshakes: {'; '.join(shown)}."] if shown else []


def domains_section(results):
    one = results.median("domains-1", "relevo", "cpu")
    many = results.median("domains", "relevo", "cpu")
    lines = load_section(results, "domains") if "domains" in results.runs else []
    if one and many:
        lines += ["", f"The same load on one domain with one route: {number(one * 1e6)} µs; "
                  f"1,000 domains cost {ratio(many, one)} that."]
    return lines


def rate_section(results):
    rows = []
    for peer in results.peers("rate"):
        figures = [spread(results.values("rate", peer, key)) for key in ("p50", "p99", "p999")]
        cpu = results.values("rate", peer, "cpu")
        rows.append([TITLES[peer], *figures, spread(results.values("rate", peer, "worst")),
                     spread(cpu, 1e6) if cpu else "–", spread(results.values("rate", peer, "sent_late_p99"))])
    head = ["", "p50 ms", "p99 ms", "p99.9 ms", "worst ms", "CPU µs/request", "sent late, p99 ms"]
    return [f"Open loop: {RATE:,} requests each second, whatever becomes of them; latency counts from the moment at",
            "which a request was due, also when it had to wait to be sent.", "", *table(head, rows)]


def idle_section(results, name):
    rows = []
    base = results.median(name, "relevo", "kib_per_connection")
    for peer in results.peers(name):
        after = results.median(name, peer, "after")
        rows.append([
            TITLES[peer], spread(results.values(name, peer, "kib_per_connection")),
            ratio(results.median(name, peer, "kib_per_connection"), base),
            number(after / (1 << 20)) if after is not None else "–"])
    return table(["", "KiB per connection", "to Relevo", "resident MiB in the end"], rows)


def section(results, name):
    scenario = SCENARIOS[name]
    if name == "domains-1":
        return []
    lines = [f"## `{name}`: {scenario.title}", ""]
    if scenario.kind == "load":
        lines += domains_section(results) if name == "domains" else load_section(results, name)
        opened = {TITLES[peer]: results.median(name, peer, "opened") for peer in results.peers(name)}
        told = ", ".join(f"{title} {count:.0f}" for title, count in opened.items() if count)
        lines += ["", f"New connections to the origin during the load: {told or 'none'}."]
        lines += handshakes_told(results, name)
        heap = results.allocations.get(name, {})
        if "own" in heap:
            lines += ["", f"Relevo's heap allocations for each request: {heap['own']:.4f} by its own code, "
                      f"{heap['libevent']:.4f} by libevent."]
    else:
        lines += rate_section(results) if scenario.kind == "rate" else idle_section(results, name)
    return lines + [""]


def facts_section(results):
    facts = results.facts
    versions = ", ".join(f"{TITLES[name]} {version}" for name, version in facts["versions"].items() if version != "0")
    pinned = f"the proxy on core {facts['proxy_cores'][0]}, origin and load on {facts['load_cores']}"
    foreign = [run["foreign"] for run in results.raw["results"] if "foreign" in run]
    rows = [
        ["Date", facts["date"]],
        ["Machine", f"{facts['cpu']}, {facts['cores']} cores{', virtual' if facts['virtual'] else ''}; {pinned}"],
        ["Kernel", f"Linux {facts['kernel']}"],
        ["Versions", f"{versions}; the origin: nginx {facts['origin']}"],
        ["Relevo", facts["relevo_build"]],
        ["Runs", f"{facts['rounds']} rounds, {facts['seconds']} s each, {facts.get('minutes', '?')} minutes in all"],
        ["Again", f"`{facts['command']}`"],
    ]
    if foreign:
        rows.append([
            "Others on the proxy's core", f"{statistics.median(foreign):.1%} of the time (median of the runs), "
            f"{max(foreign):.1%} at worst; load average before: {facts['load_average']:.2f}"])
    for name, cure in facts["missing"].items():
        rows.append(["Not here", f"{TITLES[name]} ({cure})"])
    return [f"| | |\n|---|---|\n" + "\n".join(f"| {key} | {value} |" for key, value in rows), ""]


def noise_section(results):
    foreign = [run["foreign"] for run in results.raw["results"] if "foreign" in run]
    if not foreign or statistics.median(foreign) < 0.05:
        return []
    return ["**The machine was not quiet:** other processes had "
            f"{statistics.median(foreign):.0%} of the proxy's core. Compare nothing with these figures.", ""]


def failures_section(failures):
    if not failures:
        return ["## Failures", "", "None: every answer of every run was the one expected.", ""]
    quoted = [re.sub(r"(?<![\w.])/[\w./-]+/", "…/", text.replace("`", "'")) for text in failures]
    return ["## Failures", "", *[f"```\n{text}\n```" for text in quoted], ""]


def write(raw, folder):
    """Writes results.md and cpu.svg; returns the failures."""
    results = Results(raw)
    intro = "Written by `Benchmarks/compare`; [README.md](README.md) says what each figure means."
    lines = ["# Results", "", intro, ""]
    lines += facts_section(results) + noise_section(results)
    panels = plot_panels(results)
    if panels:
        (folder / "cpu.svg").write_text(plot.bars(panels, TITLES))
        lines += ["![CPU time per request, user and system](cpu.svg)", ""]
    lines += overview(results)
    for name in SCENARIOS:
        lines += section(results, name) if name in results.runs else []
    failures = results.failures()
    lines += failures_section(failures)
    (folder / "results.md").write_text("\n".join(lines).rstrip() + "\n")
    return failures


def plot_panels(results):
    """For each scenario with costs per request: its title, and peer, user, system, lowest and highest of each bar."""
    panels = []
    for name in ("small", "fields", "close", "chunked", "tls", "handshake", "resume"):
        bars = []
        for peer in results.peers(name):
            totals = results.values(name, peer, "cpu")
            if totals:
                # The median of the sums is not the sum of the medians: the bar has the table's length.
                total = statistics.median(totals) * 1e6
                user, system = (results.median(name, peer, key) for key in ("user", "system"))
                user = total * user / (user + system)
                bars.append((peer, user, total - user, min(totals) * 1e6, max(totals) * 1e6))
        if bars:
            panels.append((name, SCENARIOS[name].title, bars))
    return panels


def progress(scenario, peer, figures):
    """One line about one measurement."""
    start = f"{scenario.name:<10}  {TITLES[peer]:<14}"
    if "failure" in figures:
        return f"{start}  FAILED: {figures['failure']}"
    bad = f"  INVALID: {figures['errors']} errors" if figures.get("errors") else ""
    if scenario.kind == "idle":
        return f"{start}  {figures['kib_per_connection']:7.2f} KiB/connection{bad}"
    if peer == "direct":
        return f"{start}  p50 {figures['p50']:.2f}  p99 {figures['p99']:.2f}  p99.9 {figures['p999']:.2f} ms{bad}"
    title, factor = UNITS[scenario.unit]
    cost = f"{figures['cpu'] * factor:7.1f} {title} ({figures['user'] * factor:.1f} user)"
    pace = f"{figures['per_second']:8,.0f}/s" if "per_second" in figures else f"p99.9 {figures['p999']:.2f} ms"
    core = f"core {figures['proxy_load']:.0%}"
    core += f", others {figures['foreign']:.0%}" if "foreign" in figures else ""
    return f"{start}  {cost}  {pace}  p99 {figures['p99']:.2f} ms  {core}{bad}"


def progress_calls(scenario, peer, figures):
    start = f"{scenario.name:<10}  {TITLES[peer]:<14}"
    if "failure" in figures:
        return f"{start}  FAILED: {figures['failure']}"
    names = ", ".join(f"{name} {count:.2f}" for name, count in list(figures["by_name"].items())[:5])
    return f"{start}  {figures['calls']:8.2f} syscalls/{scenario.unit}: {names}"


def progress_allocations(scenario, figures):
    start = f"{scenario.name:<10}  Relevo        "
    if "failure" in figures:
        return f"{start}  FAILED: {figures['failure']}"
    return f"{start}  {figures['own']:.4f} allocations/request, libevent {figures['libevent']:.4f}"
