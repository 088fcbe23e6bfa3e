// The map of what leads where: listener, domain, route, cluster, endpoint, with links as wide as their traffic.
// Of many domains the busiest are shown, or those that a filter names.

const mapRooms = { listeners: 8, domains: 10, routes: 14, clusters: 12, endpoints: 20 };

const marks = {
  up: "\u25cf", unchecked: "\u25cb", down: "\u25bc", ejected: "\u00d7", draining: "\u25d0", disabled: "\u2013",
};

/** What of everything is shown: nodes by column and links between them. Pure. */
function mapParts(now, listeners, matches) {
  const named = new Set(now.clusters.filter((cluster) =>
    matches(cluster.name) || cluster.endpoints.some((endpoint) => matches(endpoint.endpoint))).map(({ name }) => name));
  const wanted = now.domains.filter((domain) => domain.name !== "" && (matches(domain.name)
    || domain.routes.some((route) => matches(route.text) || named.has(route.cluster))));
  const domains = busiest(wanted, mapRooms.domains);
  const isWhole = (domain) => matches(domain.name);
  const allRoutes = domains.flatMap((domain) => domain.routes.filter((route) =>
    isWhole(domain) || matches(route.text) || named.has(route.cluster)));
  const routes = busiest(allRoutes, mapRooms.routes);
  const names = new Set(routes.map((route) => route.cluster).filter(Boolean));
  const allClusters = now.clusters.filter((cluster) => names.has(cluster.name));
  const clusters = busiest(allClusters, mapRooms.clusters);
  const allEndpoints = clusters.flatMap((cluster) => cluster.endpoints);
  const endpoints = allEndpoints.length > mapRooms.endpoints ? worst(allEndpoints, mapRooms.endpoints) : allEndpoints;
  return {
    columns: {
      listeners: listeners.slice(0, mapRooms.listeners), domains, routes, clusters, endpoints,
    },
    hidden: {
      listeners: Math.max(0, listeners.length - mapRooms.listeners), domains: wanted.length - domains.length,
      routes: allRoutes.length - routes.length, clusters: allClusters.length - clusters.length,
      endpoints: allEndpoints.length - endpoints.length,
    },
  };
}

/** So many of the busiest, in their own order. */
function busiest(items, count) {
  if (items.length <= count) return items;
  const chosen = new Set([...items].sort((one, other) => other.rate - one.rate).slice(0, count));
  return items.filter((item) => chosen.has(item));
}

/** So many endpoints: those that are not well first, then the busiest, in their own order. */
function worst(endpoints, count) {
  const rank = (endpoint) => (endpoint.is_available ? 0 : 1);
  const chosen = new Set([...endpoints].sort((one, other) =>
    rank(other) - rank(one) || other.rate - one.rate).slice(0, count));
  return endpoints.filter((endpoint) => chosen.has(endpoint));
}

const nodeKeys = {
  listeners: (listener) => `l ${listener.address}`,
  domains: (domain) => `d ${domain.name}`,
  routes: (route) => `r ${route.domain} ${route.place}`,
  clusters: (cluster) => `c ${cluster.name}`,
  endpoints: (endpoint) => `e ${endpoint.cluster} ${endpoint.endpoint}`,
};

/** The links between the nodes that are shown: `{ from, to, rate, tone }`. Pure. */
function mapLinks({ listeners, domains, routes, clusters, endpoints }) {
  const links = [];
  const shown = new Set(clusters.map((cluster) => cluster.name));
  const serving = listeners.filter((listener) => !listener.is_redirecting);
  const add = (from, to, rate, tone = "") => links.push({ from, to, rate, tone });
  for (const listener of serving) {
    for (const domain of domains) {
      add(nodeKeys.listeners(listener), nodeKeys.domains(domain), domain.rate / serving.length);
    }
  }
  for (const route of routes) {
    add(`d ${route.domain}`, nodeKeys.routes(route), route.rate);
    if (shown.has(route.cluster)) add(nodeKeys.routes(route), `c ${route.cluster}`, route.rate);
  }
  for (const endpoint of endpoints) {
    const tone = endpoint.failed > 0 ? "failing" : endpoint.is_available ? "" : "idle";
    add(`c ${endpoint.cluster}`, nodeKeys.endpoints(endpoint), endpoint.rate, tone);
  }
  return links;
}

class TrafficMap {
  constructor(root, note) {
    this.root = root;
    this.note = note;
    this.drawing = root.querySelector("#links");
    this.columns = new Map([...root.querySelectorAll(".column")].map((column) => [column.dataset.column, column]));
    this.links = [];
    this.chosen = null;
    new ResizeObserver(() => this.connect()).observe(root);
  }

  show(now, listeners, matches) {
    const { columns, hidden } = mapParts(now, listeners, matches);
    this.links = mapLinks(columns);
    this.full = Math.max(now.rate, 1e-9);
    for (const [name, column] of this.columns) {
      reconcile(column.querySelector("ul"), columns[name], nodeKeys[name],
        () => this.node(), (item, value) => this.update(item.firstElementChild, name, value));
      write(column.querySelector(".more"), hidden[name] > 0 ? `${hidden[name].toLocaleString("en")} more` : "");
    }
    const words = "Links are as wide as their traffic. Choose a name to see only what it belongs to.";
    write(this.note, hidden.domains > 0 ? `The busiest are shown; the filter finds others. ${words}` : words);
    this.connect();
  }

  node() {
    const button = make("button", "node", null,
      make("span", "mark"), make("span", "name"), make("span", "rate"), make("span", "detail"), make("span", "bar"),
      make("span", "where"));
    button.type = "button";
    button.addEventListener("click", () => {
      this.chosen = this.chosen === button.parentElement.relevoKey ? null : button.parentElement.relevoKey;
      this.connect();
    });
    return make("li", "", null, button);
  }

  update(button, column, value) {
    const words = this.words(column, value);
    const [mark, name, rate, detail, bar, where] = button.children;
    write(mark, words.mark || "");
    write(name, words.name);
    write(rate, words.rate);
    write(detail, words.detail);
    write(where, words.where || "");
    bar.style.width = `${Math.min(100, (words.part || 0) * 100).toFixed(1)}%`;
    button.className = `node ${words.tone || ""}`;
    button.title = printable(`${words.name} \u2013 ${words.detail}`);
  }

  words(column, value) {
    const rate = value.rate === undefined ? "" : `${figure(value.rate)}/s`;
    const part = value.rate / this.full;
    switch (column) {
      case "listeners":
        return {
          name: value.address, rate: "",
          detail: `${value.is_encrypted ? "TLS" : "plain HTTP"}${value.is_redirecting ? ", sends clients to TLS" : ""}`,
        };
      case "domains":
        return {
          name: value.name, rate, part, tone: value.failed > 0 ? "failing" : "",
          detail: value.failed > 0 ? `${figure(value.failed)}/s failed` : `p99 ${time(value.p99)}`,
        };
      case "routes":
        return { name: value.text, rate, part, detail: routeWords(value), where: `of ${value.domain}` };
      case "clusters": {
        const well = value.endpoints.filter((endpoint) => endpoint.is_available).length;
        return {
          name: value.name, rate, part, tone: well === 0 ? "away" : well < value.endpoints.length ? "failing" : "",
          detail: `${well} of ${value.endpoints.length} available`
            + (value.retries > 0 ? `, ${figure(value.retries)} retries/s` : ""),
        };
      }
      default:
        return {
          mark: marks[value.condition] || "?", name: value.endpoint, rate, part: value.share,
          where: `of ${value.cluster}`, tone: `${value.condition}${value.failed > 0 ? " failing" : ""}`,
          detail: `${value.condition}, ${value.share === null ? "no traffic" : share(value.share, 1)}`
            + (value.failed > 0 ? `, ${figure(value.failed)}/s failed` : ""),
        };
    }
  }

  /** Draws the links between the nodes where they stand now, and dims what does not belong to the chosen one. */
  connect() {
    const origin = this.root.getBoundingClientRect();
    const nodes = new Map();
    for (const item of this.root.querySelectorAll("li")) nodes.set(item.relevoKey, item);
    if (!nodes.has(this.chosen)) this.chosen = null;
    const related = this.chosen ? reach(this.links, this.chosen) : null;
    for (const [key, item] of nodes) {
      item.firstElementChild.setAttribute("aria-pressed", String(key === this.chosen));
      item.classList.toggle("dim", related !== null && !related.has(key));
    }
    const paths = this.links.filter(({ from, to }) => nodes.has(from) && nodes.has(to)).map((link) => {
      const start = nodes.get(link.from).getBoundingClientRect();
      const end = nodes.get(link.to).getBoundingClientRect();
      const [x1, y1] = [start.right - origin.left, start.top + start.height / 2 - origin.top];
      const [x2, y2] = [end.left - origin.left, end.top + end.height / 2 - origin.top];
      const middle = (x1 + x2) / 2;
      const isDim = related !== null && !(related.has(link.from) && related.has(link.to));
      return draw("path", {
        d: `M${x1},${y1}C${middle},${y1} ${middle},${y2} ${x2},${y2}`,
        "stroke-width": (1 + 15 * Math.min(1, link.rate / (this.full || 1))).toFixed(1),
        class: `link ${link.rate > 0 ? link.tone : "idle"} ${isDim ? "dim" : ""}`,
      });
    });
    this.drawing.setAttribute("viewBox", `0 0 ${origin.width} ${origin.height}`);
    this.drawing.replaceChildren(...paths);
  }
}

/** What a route does, in words. */
function routeWords(route) {
  if (route.cluster) return `to ${route.cluster}`;
  return route.redirect ? `${route.status} to ${route.redirect}` : `answers ${route.status}`;
}

/** The nodes from which one can be reached, and those that it reaches. */
function reach(links, chosen) {
  const found = new Set([chosen]);
  for (const [near, far] of [["from", "to"], ["to", "from"]]) {
    const edge = [chosen];
    const seen = new Set(edge);
    while (edge.length) {
      const key = edge.pop();
      for (const link of links) {
        if (link[near] !== key || seen.has(link[far])) continue;
        seen.add(link[far]);
        found.add(link[far]);
        edge.push(link[far]);
      }
    }
  }
  return found;
}
