// Figures from two answers of /v1/traffic: rates, quantiles, shares.
// Pure: neither the document nor a clock is known here.

const sum = (counts) => Object.values(counts || {}).reduce((total, count) => total + count, 0);

/** What has been counted between two answers; what began anew in between counts whole. */
const since = (now, before) => (before === undefined || now < before ? now : now - before);

/** The same for counters by name, in a second. */
function rates(now, before, seconds) {
  const result = {};
  for (const [name, count] of Object.entries(now || {})) {
    const rate = since(count, before ? before[name] || 0 : 0) / seconds;
    if (rate > 0) result[name] = rate;
  }
  return result;
}

/** The same for classes of times. */
function classes(now, before) {
  if (!now) return null;
  return now.counts.map((count, index) => since(count, before ? before.counts[index] : 0));
}

function addClasses(into, more) {
  if (!more) return into;
  return into ? into.map((count, index) => count + more[index]) : more.slice();
}

/** The time below which a share of all are; Infinity beyond the last bound, null without any. */
function quantile(counts, bounds, part) {
  const total = counts ? counts.reduce((all, count) => all + count, 0) : 0;
  if (!total) return null;
  let below = 0;
  for (let index = 0; index < bounds.length; index += 1) {
    const count = counts[index];
    if (count > 0 && below + count >= part * total) {
      const low = index > 0 ? bounds[index - 1] : 0;
      return low + ((part * total - below) / count) * (bounds[index] - low);
    }
    below += count;
  }
  return Infinity;
}

const byName = (list, name) => new Map((list || []).map((item) => [name(item), item]));

function domainFigures(domain, before, seconds, bounds) {
  const answers = rates(domain.answers, before && before.answers, seconds);
  const failures = rates(domain.failures, before && before.failures, seconds);
  const times = classes(domain.duration, before && before.duration);
  const routesBefore = byName(before && before.routes, (route) => route.text);
  return {
    name: domain.name, answers, failures, times, rate: sum(answers), failed: sum(failures),
    p50: quantile(times, bounds, 0.5), p99: quantile(times, bounds, 0.99),
    routes: domain.routes.map((route, place) => {
      const was = routesBefore.get(route.text);
      return { ...route, place, domain: domain.name, rate: sum(rates(route.answers, was && was.answers, seconds)) };
    }),
  };
}

function clusterFigures(cluster, before, seconds) {
  const known = byName(before && before.endpoints, (endpoint) => endpoint.status.endpoint);
  const endpoints = cluster.endpoints.map((endpoint) => {
    const was = known.get(endpoint.status.endpoint);
    const failures = rates(endpoint.failures, was && was.failures, seconds);
    const answers = rates(endpoint.answers, was && was.answers, seconds);
    const failed = sum(failures);
    const rate = sum(answers) + failed;
    return { ...endpoint.status, kept: endpoint.idle_connections, answers, failures, failed, rate };
  });
  const rate = endpoints.reduce((all, endpoint) => all + endpoint.rate, 0);
  for (const endpoint of endpoints) endpoint.share = rate > 0 ? endpoint.rate / rate : null;
  return { name: cluster.name, retries: since(cluster.retries, before && before.retries) / seconds, rate, endpoints };
}

/** Everything between two answers; null if they are of different processes or of one moment. */
function figures(now, before) {
  const seconds = before ? now.uptime - before.uptime : 0;
  if (!before || before.process !== now.process || seconds <= 0) return null;
  const domainsBefore = byName(before.domains, (domain) => domain.name);
  const clustersBefore = byName(before.clusters, (cluster) => cluster.name);
  const domains = now.domains.map((domain) =>
    domainFigures(domain, domainsBefore.get(domain.name), seconds, now.bounds));
  const clusters = now.clusters.map((cluster) => clusterFigures(cluster, clustersBefore.get(cluster.name), seconds));
  const times = domains.reduce((all, domain) => addClasses(all, domain.times), null);
  const answers = rates(now.totals.answers, before.totals.answers, seconds);
  const failures = rates(now.totals.failures, before.totals.failures, seconds);
  return {
    seconds, domains, clusters, answers, failures, rate: sum(answers), failed: sum(failures),
    p50: quantile(times, now.bounds, 0.5), p99: quantile(times, now.bounds, 0.99),
    received: since(now.totals.bytes_received, before.totals.bytes_received) / seconds,
    sent: since(now.totals.bytes_sent, before.totals.bytes_sent) / seconds,
    accepted: since(now.totals.connections_accepted, before.totals.connections_accepted) / seconds,
    retries: clusters.reduce((all, cluster) => all + cluster.retries, 0),
  };
}
