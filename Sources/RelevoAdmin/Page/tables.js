// The tables of domains, endpoints and certificates.
// Rows change their order seldom, and never while somebody works in them.

const answerClasses = ["2xx", "3xx", "4xx", "5xx", "1xx", "none"];

class RankedTable {
  /** `cells` writes a row: an array of functions that each get a cell and the item. */
  constructor(section, key, cells) {
    this.body = section.querySelector("tbody");
    this.table = section.querySelector("table");
    this.count = section.querySelector(".count");
    this.button = section.querySelector("button.more");
    this.section = section;
    this.key = key;
    this.cells = cells;
    this.room = 10;
    this.order = new Map();
    this.ordered = 0;
    this.button.addEventListener("click", () => {
      this.room += 40;
      this.again();
    });
  }

  /** Shows the first of the items by their ranks. */
  show(items, ranks, now) {
    this.items = items;
    const isBusy = this.body.contains(document.activeElement) || this.section.matches(":hover");
    if (items.some((item) => !this.order.has(this.key(item))) || (now - this.ordered > 5 && !isBusy)) {
      const sorted = [...items].sort((one, other) => {
        for (const rank of ranks) {
          if (rank(one) !== rank(other)) return rank(other) - rank(one);
        }
        return 0;
      });
      this.order = new Map(sorted.map((item, place) => [this.key(item), place]));
      this.ordered = now;
    }
    this.again();
  }

  again() {
    const place = (item) => this.order.get(this.key(item));
    const shown = [...this.items].sort((one, other) => place(one) - place(other)).slice(0, this.room);
    reconcile(this.body, shown, this.key, () => this.row(), (row, item) => {
      this.cells.forEach((cell, index) => cell(row.children[index], item, row));
    });
    const rest = this.items.length - shown.length;
    write(this.count, `${shown.length} of ${this.items.length.toLocaleString("en")}`);
    this.button.hidden = rest <= 0;
    this.count.hidden = rest <= 0 && this.items.length > 0;
    if (!this.items.length) write(this.count, "Nothing has this name.");
  }

  row() {
    const columns = [...this.table.querySelectorAll("thead th")];
    const row = make("tr");
    columns.forEach((column, index) => {
      const cell = make(index === 0 ? "th" : "td", column.className);
      if (index === 0) cell.scope = "row";
      row.append(cell);
    });
    return row;
  }
}

/** The parts of a whole as a bar, with the same in words for who cannot see it. */
function answerBar(cell, answers) {
  let bar = cell.firstElementChild;
  if (!bar) {
    bar = draw("svg", { class: "answers", role: "img", viewBox: "0 0 100 6", preserveAspectRatio: "none" });
    cell.append(bar);
  }
  const all = sum(answers);
  let begin = 0;
  const parts = answerClasses.filter((name) => answers[name] > 0).map((name) => {
    const width = (answers[name] / all) * 100;
    const part = draw("rect", { x: begin.toFixed(2), y: 0, width: width.toFixed(2), height: 6, class: `c${name}` });
    begin += width;
    return part;
  });
  const words = answerClasses.filter((name) => answers[name] > 0)
    .map((name) => `${name} ${share(answers[name], all)}`).join(", ");
  bar.setAttribute("aria-label", words || "no answers");
  cell.title = words;
  bar.replaceChildren(...parts);
}

function domainTable(section) {
  return new RankedTable(section, (domain) => domain.name, [
    (cell, domain) => write(cell, domainName(domain.name)),
    (cell, domain) => write(cell, figure(domain.rate)),
    (cell, domain) => write(cell, time(domain.p50)),
    (cell, domain) => write(cell, time(domain.p99)),
    (cell, domain, row) => {
      write(cell, domain.failed > 0 ? share(domain.failed, domain.rate) : "0");
      cell.title = Object.entries(domain.failures).map(([code, rate]) => `${code} ${figure(rate)}/s`).join(", ");
      row.classList.toggle("failing", domain.failed > 0);
    },
    (cell, domain) => answerBar(cell, domain.answers),
  ]);
}

function endpointTable(section) {
  return new RankedTable(section, (endpoint) => `${endpoint.cluster} ${endpoint.endpoint}`, [
    (cell, endpoint) => {
      if (!cell.firstElementChild) cell.append(make("span", "name"), make("span", "quiet cluster"));
      write(cell.children[0], endpoint.endpoint);
      write(cell.children[1], endpoint.cluster);
    },
    (cell, endpoint) => {
      if (!cell.firstElementChild) cell.append(make("span"));
      const isOrdered = endpoint.condition === "draining" || endpoint.condition === "disabled";
      const rest = endpoint.is_available || isOrdered ? "" : ", gets nothing";
      cell.firstElementChild.className = `condition ${endpoint.condition}`;
      write(cell.firstElementChild, `${marks[endpoint.condition] || "?"} ${endpoint.condition}${rest}`);
    },
    (cell, endpoint) => write(cell, figure(endpoint.rate)),
    (cell, endpoint) => write(cell, endpoint.share === null ? "\u2013" : share(endpoint.share, 1)),
    (cell, endpoint, row) => {
      write(cell, figure(endpoint.failed));
      cell.title = Object.entries(endpoint.failures).map(([code, rate]) => `${code} ${figure(rate)}/s`).join(", ");
      row.classList.toggle("failing", endpoint.failed > 0);
    },
    (cell, endpoint) => write(cell, figure(endpoint.requests_active)),
    (cell, endpoint) => write(cell, figure(endpoint.kept)),
    (cell, endpoint) => write(cell, figure(endpoint.weight)),
  ]);
}

/** Certificates, those that end first at the top. */
function showCertificates(section, certificates, today) {
  const rows = certificates.map((certificate) => ({
    ...certificate, days: Math.floor((Date.parse(certificate.not_after) - today) / 864e5),
  })).sort((one, other) => one.days - other.days);
  section.hidden = rows.length === 0;
  reconcile(section.querySelector("tbody"), rows.slice(0, 50), ({ file, names }) => `${file} ${names.join(" ")}`,
    () => make("tr", "", null, make("th"), make("td", "wide"), make("td"), make("td", "number")),
    (row, certificate) => {
      const names = certificate.names.slice(0, 4).join(", ");
      const more = certificate.names.length > 4 ? ` and ${certificate.names.length - 4} more` : "";
      row.firstElementChild.scope = "row";
      write(row.children[0], `${names}${more}`);
      write(row.children[1], certificate.file);
      write(row.children[2], certificate.not_after.slice(0, 10));
      write(row.children[3], certificate.days < 0 ? "ended" : String(certificate.days));
      row.className = certificate.days < 7 ? "away" : certificate.days < 21 ? "failing" : "";
    });
  write(section.querySelector(".note"), rows.length > 50 ? `${rows.length - 50} more end later.` : "");
}
