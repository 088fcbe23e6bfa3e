// The table of recent failures, each with what happened when.
// They come from GET /v1/failures; a proxy that keeps none answers 404, and the page says so.

class FailureTable {
  constructor(section) {
    this.section = section;
    this.body = section.querySelector("tbody");
    this.note = section.querySelector(".note");
    this.open = new Set();
    this.failures = [];
  }

  /** Without an answer the note alone is there. */
  showNone(words) {
    this.failures = [];
    this.body.replaceChildren();
    this.section.querySelector(".scroll").hidden = true;
    write(this.note, words);
  }

  show(failures) {
    this.failures = Array.isArray(failures) ? failures : [];
    if (!this.failures.length) return this.showNone("None has been kept since the start.");
    this.section.querySelector(".scroll").hidden = false;
    write(this.note, "");
    this.again();
  }

  again() {
    const rows = this.failures.flatMap((failure) => {
      const isOpen = this.open.has(failure.id);
      const row = { kind: "row", failure, isOpen };
      return isOpen ? [row, { kind: "detail", failure }] : [row];
    });
    reconcile(this.body, rows, ({ kind, failure }) => `${kind} ${failure.id}`,
      (item) => (item.kind === "row" ? this.row(item.failure) : this.detail(item.failure)),
      (row, item) => {
        if (item.kind === "row") row.querySelector("button").setAttribute("aria-expanded", String(item.isOpen));
      });
  }

  row(failure) {
    const button = make("button", "expand", clock(failure.time));
    button.type = "button";
    button.title = printable(failure.time || "");
    button.addEventListener("click", () => {
      if (!this.open.delete(failure.id)) this.open.add(failure.id);
      this.again();
    });
    const head = make("th", "", null, button);
    head.scope = "row";
    const words = [failure.method, `${failure.host || ""}${failure.target || ""}`].filter(Boolean).join(" ");
    const request = make("td", "request", words);
    request.title = printable(words);
    return make("tr", "", null, head,
      make("td", "code", failure.code || "answered by the endpoint"), make("td", "number", failure.status ?? "\u2013"),
      request, make("td", "wide", failure.endpoint || "\u2013"),
      make("td", "number wide", typeof failure.duration_ms === "number" ? time(failure.duration_ms / 1e3) : "\u2013"));
  }

  detail(failure) {
    const cell = make("td", "", null, make("p", "", failure.explanation || "Nothing more is known."));
    cell.colSpan = 6;
    const places = [
      ["Domain", failure.domain], ["Cluster", failure.cluster], ["Endpoint", failure.endpoint], ["Request", failure.id],
    ].filter(([, value]) => value);
    const list = make("dl", "facts");
    for (const [name, value] of places) list.append(make("div", "", null, make("dt", "", name), make("dd", "", value)));
    cell.append(list);
    const steps = Array.isArray(failure.timeline) ? failure.timeline : [];
    const end = Math.max(failure.duration_ms || 0, ...steps.map((step) => step.ms), 0.001);
    const lane = make("ol", "timeline");
    for (const step of steps) {
      const bar = make("span", "place");
      bar.style.left = `${Math.min(100, (step.ms / end) * 100).toFixed(2)}%`;
      lane.append(make("li", "", null, make("span", "at", `${Number(step.ms).toFixed(1)} ms`),
        make("span", "rail", null, bar), make("span", "step", step.text)));
    }
    if (steps.length) cell.append(lane);
    return make("tr", "detail", null, cell);
  }
}

/** The time of day of an RFC 3339 time, as it is here. */
function clock(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? String(text || "\u2013") : date.toLocaleTimeString("en-GB");
}
