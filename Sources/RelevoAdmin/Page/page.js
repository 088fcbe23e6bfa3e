// What keeps the page going: it asks once a second, unless nobody looks, and gives everything its figures.
// What is shown where is in the other files.

const page = (name) => document.getElementById(name);
const windowSeconds = 10;
const state = {
  answers: [], samples: [], now: null, isPaused: false, misses: 0, asking: false, turn: 0, restUntil: 0,
};

const charts = {
  rate: new Chart("Requests per second", "areas", figure),
  latency: new Chart("Latency", "lines", time),
  failures: new Chart("Failures per second", "areas", figure),
};
page("charts").append(...Object.values(charts).map((chart) => chart.figure));
const map = new TrafficMap(page("map"), page("map-note"));
const domains = domainTable(page("domains"));
const endpoints = endpointTable(page("endpoints"));
const failures = new FailureTable(page("failures"));
failures.showNone("Asking.");

const tiles = ["Requests/s", "p50", "p99", "Failed", "In flight", "Clients", "Received", "Sent"].map((title) => {
  const value = make("dd");
  page("tiles").append(make("div", "tile", null, make("dt", "", title), value));
  return value;
});

function tell(kind, words) {
  page("state").dataset.state = kind;
  write(page("state"), words);
  document.title = kind === "running" ? "Relevo" : printable(`${words} \u2013 Relevo`);
}

async function ask(path) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), 5000);
  try {
    return await fetch(path, { signal: limit.signal, cache: "no-store", credentials: "same-origin" });
  } finally {
    clearTimeout(timer);
  }
}

async function step() {
  if (state.isPaused || state.asking || document.hidden) return;
  state.asking = true;
  try {
    const answer = await ask("/v1/traffic");
    if (!answer.ok) throw new Error(`the proxy answers ${answer.status}`);
    const document = await answer.json();
    state.misses = 0;
    if (!state.isPaused) take(document);
    if (state.turn % 2 === 0 && state.turn >= state.restUntil) await askFailures();
    state.turn += 1;
  } catch (error) {
    state.misses += 1;
    if (state.misses > 1) tell("away", "No answer; asking again");
  } finally {
    state.asking = false;
  }
}

async function askFailures() {
  const answer = await ask("/v1/failures?limit=50");
  if (answer.status === 404) {
    // It may be replaced by one that does.
    state.restUntil = state.turn + 60;
    return failures.showNone("This proxy does not keep failed requests.");
  }
  if (answer.ok) failures.show((await answer.json()).failures);
}

/** Takes an answer in: figures of the window for tables, one more sample for the charts. */
function take(document) {
  const last = state.answers[state.answers.length - 1];
  if (last && (last.process !== document.process || last.uptime >= document.uptime)) {
    state.answers = [];
    state.samples = [];
  }
  state.answers.push(document);
  while (document.uptime - state.answers[0].uptime > windowSeconds + 0.5) state.answers.shift();
  const first = state.answers[0] === document ? idle(document) : state.answers[0];
  state.now = figures(document, first);
  sample(document);
  show();
}

/** Before the second answer there are no rates: the same answer a moment earlier. */
const idle = (document) => ({ ...document, uptime: document.uptime - 1 });

function sample(document) {
  const place = state.answers.length;
  if (place < 2) return;
  const second = figures(document, state.answers[place - 2]);
  const few = figures(document, state.answers[Math.max(0, place - 6)]);
  state.samples.push({
    at: document.uptime, answers: second.answers, failures: second.failures, times: { p50: few.p50, p99: few.p99 },
  });
  while (document.uptime - state.samples[0].at > chartSeconds) state.samples.shift();
}

function show() {
  const document = state.answers[state.answers.length - 1];
  if (!document || !state.now) return;
  const { now } = state;
  const { totals } = document;
  tell(document.state, document.state === "running" ? "running" : "stopping: running exchanges may finish");
  write(page("facts"), `${document.version} \u00b7 process ${document.process} \u00b7 up ${age(document.uptime)}`);
  const values = [
    figure(now.rate), time(now.p50), time(now.p99), now.failed > 0 ? share(now.failed, now.rate) : "0",
    figure(totals.requests_active), figure(totals.connections_open), bytes(now.received), bytes(now.sent),
  ];
  tiles.forEach((tile, index) => write(tile, values[index]));
  tiles[3].parentElement.classList.toggle("failing", now.failed > 0);
  showCharts();
  const words = page("filter").value.trim().toLowerCase();
  const matches = (text) => !words || String(text || "").toLowerCase().includes(words);
  map.show(now, document.listeners, matches);
  domains.show(now.domains.filter((domain) => matches(domainName(domain.name))),
    [({ rate }) => rate, ({ failed }) => failed], document.uptime);
  const all = now.clusters.flatMap((cluster) => cluster.endpoints);
  endpoints.show(all.filter((endpoint) => matches(endpoint.endpoint) || matches(endpoint.cluster)),
    [({ is_available: well }) => (well ? 0 : 1), ({ failed }) => (failed > 0 ? 1 : 0), ({ rate }) => rate],
    document.uptime);
  showCertificates(page("certificates"), document.certificates, Date.now());
}

function showCharts() {
  const { samples } = state;
  const seen = (kind) => new Set(samples.flatMap((one) => Object.keys(one[kind])));
  const answers = seen("answers");
  charts.rate.show(samples.map(({ at, answers: values }) => ({ at, values })),
    answerClasses.filter((name) => name === "2xx" || answers.has(name))
      .map((name) => ({ key: name, label: name === "none" ? "no answer" : name, tone: `c${name}` })));
  charts.latency.show(samples.map(({ at, times }) => ({ at, values: times })),
    [{ key: "p99", label: "p99", tone: "t99" }, { key: "p50", label: "p50", tone: "t50" }]);
  const codes = [...seen("failures")].map((code) => ({
    code, count: samples.reduce((all, one) => all + (one.failures[code] || 0), 0),
  })).sort((one, other) => other.count - one.count).map(({ code }) => code);
  const named = codes.slice(0, 4);
  charts.failures.show(samples.map(({ at, failures: all }) => {
    const values = { others: 0 };
    for (const [code, rate] of Object.entries(all)) {
      if (named.includes(code)) values[code] = rate;
      else values.others += rate;
    }
    return { at, values };
  }), (codes.length > 4 ? [...named, "others"] : named).map((key, place) => ({ key, label: key, tone: `f${place}` })));
}

page("controls").addEventListener("submit", (event) => event.preventDefault());
page("filter").addEventListener("input", show);
page("pause").addEventListener("click", () => {
  state.isPaused = !state.isPaused;
  page("pause").setAttribute("aria-pressed", String(state.isPaused));
  write(page("pause"), state.isPaused ? "Go on" : "Pause");
  if (state.isPaused) tell("paused", "paused");
  else step();
});
document.addEventListener("visibilitychange", step);
setInterval(step, 1000);
step();
