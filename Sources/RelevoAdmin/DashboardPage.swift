// The dashboard as it is served. Written by script/page from the .html, .css and .js files in Page, which are
// what to read and to change; a test compares them.
// tidy: fileLength: written by a program
// swift-format-ignore-file

/// The dashboard, one page that needs nothing else.
enum DashboardPage {
    /// The digest of its style (CSP Level 3 §2.3.1).
    static let styleDigest = "sha256-MEs8F15WzuuWLHcCEEowQntGJD2mUBWSzfL6+vLn/2U="
    /// The digest of its script.
    static let scriptDigest = "sha256-3DhZZPODmJFdk8dLmvmnKHHRtYmuY39mKYXzjRFye1k="
    /// The page.
    static let text = #"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Relevo</title>
<link rel="icon" href="data:,">
<style>
/* The look of the dashboard. Light or dark as the reader's system has it; nothing depends on colour alone. */
:root {
  color-scheme: light dark;
  --page: #f4f6f9; --panel: #ffffff; --line: #dfe4ec; --text: #16202e; --quiet: #5a6779; --grid: #e8ecf2;
  --accent: #2563eb; --soft: #e8effd; --good: #13795b; --warn: #a75a00; --bad: #c62a3a; --bad-soft: #fdecee;
  --s2: #4f8df5; --s3: #8fa3bd; --s4: #f0ab3c; --s5: #dd4254; --s0: #8b6fd8; --s1: #43b5a0;
  --shadow: 0 1px 2px rgb(20 32 50 / 6%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d131c; --panel: #151d29; --line: #273243; --text: #e6ebf3; --quiet: #96a3b6; --grid: #202a39;
    --accent: #7aa7ff; --soft: #1c2a45; --good: #4cc79a; --warn: #f2b35a; --bad: #ff7a86; --bad-soft: #3a1b22;
    --s2: #4d86e6; --s3: #64758d; --s4: #d9962c; --s5: #e2505f; --s0: #8d74d6; --s1: #37a08c;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; max-width: 1880px; padding: 0 20px 24px; background: var(--page); color: var(--text);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2, h3, p, dl, dd, ul, ol, figure { margin: 0; padding: 0; }
h1 { display: flex; align-items: center; gap: 9px; font-size: 19px; letter-spacing: -0.01em; }
h1 svg { width: 32px; height: 20px; fill: none; stroke: var(--accent); stroke-width: 2.4; stroke-linecap: round; }
h2 { font-size: 14px; font-weight: 650; }
h3 { font-size: 11px; font-weight: 650; letter-spacing: 0.06em; text-transform: uppercase; color: var(--quiet); }
code { font: 0.93em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.quiet { color: var(--quiet); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 20px; top: 8px; z-index: 2; padding: 6px 12px; background: var(--panel); color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }

header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; padding: 16px 0 14px; }
#state { display: flex; align-items: center; gap: 7px; padding: 2px 11px 2px 9px; border: 1px solid var(--line);
  border-radius: 99px; background: var(--panel); font-weight: 600; font-size: 13px; }
#state::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: var(--quiet); }
#state[data-state="running"]::before { background: var(--good); }
#state:is([data-state="stopping"], [data-state="paused"])::before { background: var(--warn); border-radius: 2px; }
#state[data-state="away"] { color: var(--bad); border-color: currentcolor; }
#state[data-state="away"]::before { background: var(--bad); border-radius: 0; }
#controls { display: flex; gap: 8px; margin-left: auto; }
input, button { font: inherit; color: inherit; }
#filter { width: 230px; padding: 6px 11px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--panel); }
#pause, .foot button { padding: 6px 14px; border: 1px solid var(--line); border-radius: 8px; background: var(--panel);
  cursor: pointer; font-weight: 600; }
#pause { min-width: 78px; }
#pause:hover, .foot button:hover { border-color: var(--accent); color: var(--accent); }
#pause[aria-pressed="true"] { background: var(--soft); color: var(--accent); }

main { display: grid; gap: 16px; }
.panel, .tile { background: var(--panel); border: 1px solid var(--line); border-radius: 12px;
  box-shadow: var(--shadow); }
.panel { padding: 14px 16px 16px; min-width: 0; }
#tiles { display: grid; grid-template-columns: repeat(8, 1fr); gap: 12px; }
.tile { padding: 10px 14px 11px; min-width: 0; }
.tile dt { color: var(--quiet); font-size: 12px; }
.tile dd { font-size: 22px; font-weight: 650; letter-spacing: -0.02em; line-height: 1.25; white-space: nowrap; }
.tile.failing dd { color: var(--bad); }

#charts { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 16px; }
.chart svg { display: block; width: 100%; height: 170px; margin-top: 8px; overflow: visible; }
.chart figcaption { min-height: 45px; }
.chart text { fill: var(--quiet); font-size: 11px; }
.grid { stroke: var(--grid); stroke-width: 1; }
.look { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 3 3; }
.area { fill: var(--tone); fill-opacity: 0.82; }
.line { fill: none; stroke: var(--tone); stroke-width: 2; stroke-linejoin: round; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; list-style: none; font-size: 12px; color: var(--quiet); }
.legend b { margin-left: 5px; color: var(--text); }
.swatch { display: inline-block; width: 9px; height: 9px; margin-right: 6px; border-radius: 2px;
  background: var(--tone); }
.c2xx { --tone: var(--s2); fill: var(--s2); }
.c3xx { --tone: var(--s3); fill: var(--s3); }
.c4xx { --tone: var(--s4); fill: var(--s4); }
.c5xx { --tone: var(--s5); fill: var(--s5); }
.cnone { --tone: var(--s0); fill: var(--s0); }
.c1xx { --tone: var(--s1); fill: var(--s1); }
.t50 { --tone: var(--s2); }
.t99 { --tone: var(--s4); }
.f0 { --tone: var(--s5); }
.f1 { --tone: var(--s4); }
.f2 { --tone: var(--s0); }
.f3 { --tone: var(--s1); }
.f4 { --tone: var(--s3); }

#map { position: relative; display: grid; margin-top: 12px; gap: 0 clamp(28px, 5vw, 96px);
  grid-template-columns: minmax(0, 0.9fr) minmax(0, 1.1fr) minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1.25fr); }
#links { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.column { position: relative; display: flex; flex-direction: column; min-width: 0; }
.column ul { display: flex; flex: 1; flex-direction: column; justify-content: center; gap: 7px; list-style: none;
  margin-top: 8px; }
.column .more { min-height: 1.4em; font-size: 12px; padding-top: 4px; }
.link { fill: none; stroke: var(--s2); stroke-opacity: 0.3; }
.link.failing { stroke: var(--s5); stroke-opacity: 0.42; }
.link.idle { stroke: var(--quiet); stroke-opacity: 0.28; stroke-dasharray: 2 4; }
.link.dim { stroke-opacity: 0.05; }
.dim .node { opacity: 0.32; }
.node { position: relative; display: grid; grid-template-columns: auto minmax(0, 1fr) auto; column-gap: 6px;
  width: 100%;
  padding: 5px 10px 7px; overflow: hidden; border: 1px solid var(--line); border-radius: 8px; background: var(--panel);
  text-align: left; cursor: pointer; }
.node:hover, .node[aria-pressed="true"] { border-color: var(--accent); }
.node[aria-pressed="true"] { background: var(--soft); }
.node .mark { color: var(--good); }
.node .mark:empty { display: none; }
.node .name { grid-column: 2; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.node .mark:empty + .name { grid-column: 1 / 3; }
.node .rate { grid-column: 3; color: var(--quiet); white-space: nowrap; }
.node .detail { grid-column: 1 / -1; font-size: 12px; color: var(--quiet); overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.node .where { display: none; grid-column: 1 / -1; font-size: 12px; color: var(--quiet); }
.node .bar { position: absolute; left: 0; bottom: 0; height: 3px; background: var(--s2); }
.node.failing .detail, .node.down .detail, .node.ejected .detail, .node.away .detail { color: var(--bad); }
.node.failing .bar { background: var(--s5); }
.node.away, .node.down, .node.ejected { border-color: var(--bad); background: var(--bad-soft); }
.node.unchecked .mark, .node.disabled .mark { color: var(--quiet); }
.node.draining .mark { color: var(--warn); }
.node.down .mark, .node.ejected .mark { color: var(--bad); }

.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; align-items: start; }
.scroll { overflow-x: auto; margin-top: 6px; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--grid); text-align: left; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 2px; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--quiet); font-size: 12px; font-weight: 500; }
tbody th { max-width: 340px; font-weight: 600; overflow: hidden; text-overflow: ellipsis; }
.number { text-align: right; }
tr.failing td:nth-child(5), tr.away td:last-child { color: var(--bad); font-weight: 650; }
tr.failing td:last-child { color: var(--warn); }
.answers { display: block; width: 100%; min-width: 80px; height: 8px; border-radius: 4px; background: var(--grid); }
th .cluster { margin-left: 8px; font-weight: 400; }
.condition { font-weight: 600; color: var(--good); }
.condition.unchecked, .condition.disabled { color: var(--quiet); }
.condition.draining { color: var(--warn); }
.condition.down, .condition.ejected { color: var(--bad); }
.foot { display: flex; align-items: center; justify-content: space-between; gap: 12px; }
.foot > :not([hidden]) { margin-top: 10px; }
.request { width: 60%; max-width: 0; overflow: hidden; text-overflow: ellipsis; }
.code { font-weight: 600; }
.expand { padding: 0 4px 0 0; border: 0; background: none; cursor: pointer; font-weight: 600; }
.expand::before { content: "\25b8"; display: inline-block; width: 16px; color: var(--quiet); }
.expand[aria-expanded="true"]::before { content: "\25be"; }
.expand:hover { color: var(--accent); }
.detail > td { padding: 4px 4px 16px 20px; white-space: normal; }
.detail p { max-width: 90ch; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 22px; margin: 6px 0 10px; font-size: 12px; }
.facts div { display: flex; gap: 6px; min-width: 0; }
.facts dt { color: var(--quiet); }
.facts dd { overflow-wrap: anywhere; }
.timeline { list-style: none; }
.timeline li { display: grid; grid-template-columns: 80px minmax(60px, 240px) minmax(0, 1fr); gap: 14px; padding: 2px 0;
  align-items: center; }
.timeline .at { text-align: right; color: var(--quiet); }
.timeline .rail { position: relative; height: 2px; background: var(--line); }
.timeline .place { position: absolute; top: -4px; width: 10px; height: 10px; margin-left: -5px; border-radius: 50%;
  background: var(--accent); }
.timeline .step { overflow-wrap: anywhere; }
.note:empty { display: none; }
footer { padding: 18px 2px 0; font-size: 12px; }

@media (max-width: 1180px) {
  #tiles { grid-template-columns: repeat(4, 1fr); }
  .pair { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 900px) {
  #charts { grid-template-columns: minmax(0, 1fr); }
  .chart figcaption { min-height: 0; }
  .chart svg { height: 130px; }
  #links { display: none; }
  #map { grid-template-columns: minmax(0, 1fr); gap: 14px; }
  .node .where:not(:empty) { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
}
@media (max-width: 620px) {
  body { padding: 0 12px 16px; }
  #tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  .tile { padding: 7px 12px; }
  .tile dd { font-size: 19px; }
  #controls { width: 100%; margin: 0; }
  #filter { flex: 1; width: auto; min-width: 0; }
  .panel { padding: 12px; }
  .wide, #domains :is(th, td):nth-child(3) { display: none; }
  tbody th { max-width: 150px; }
  #endpoints td:nth-child(2) { white-space: normal; }
  th .cluster { display: block; margin: 0; overflow: hidden; text-overflow: ellipsis; }
  .facts { flex-direction: column; }
  .request { min-width: 130px; }
  .timeline li { grid-template-columns: 62px minmax(0, 1fr); }
  .timeline .rail { display: none; }
}
@media (prefers-reduced-motion: no-preference) { .node .bar { transition: width 0.4s; } }
@media (forced-colors: active) { .node .bar, .swatch, .answers rect { forced-color-adjust: none; } }
</style>
</head>
<body>
<a class="skip" href="#domains">Skip to the tables</a>
<header>
  <h1><svg viewBox="0 0 32 20" aria-hidden="true">
    <path d="M1 10h9M10 10c6 0 5-8 12-8h9M10 10c6 0 5 8 12 8h9M10 10h21"/></svg>Relevo</h1>
  <p id="state" role="status" data-state="waiting">connecting</p>
  <p id="facts" class="quiet"></p>
  <form id="controls" role="search">
    <label class="hidden" for="filter">Show only names that contain</label>
    <input id="filter" type="search" placeholder="Filter names" autocomplete="off" spellcheck="false">
    <button id="pause" type="button" aria-pressed="false">Pause</button>
  </form>
</header>
<noscript><p class="note">This page draws with JavaScript. Without it,
  GET /v1/traffic and GET /metrics have the same figures.</p></noscript>
<main>
  <dl id="tiles" aria-label="Now"></dl>
  <section id="charts" aria-label="The last three minutes"></section>
  <section aria-labelledby="map-title" class="panel">
    <h2 id="map-title">What leads where</h2>
    <p class="quiet" id="map-note"></p>
    <div id="map">
      <svg id="links" aria-hidden="true"></svg>
      <div class="column" data-column="listeners"><h3>Listeners</h3><ul></ul><p class="quiet more"></p></div>
      <div class="column" data-column="domains"><h3>Domains</h3><ul></ul><p class="quiet more"></p></div>
      <div class="column" data-column="routes"><h3>Routes</h3><ul></ul><p class="quiet more"></p></div>
      <div class="column" data-column="clusters"><h3>Clusters</h3><ul></ul><p class="quiet more"></p></div>
      <div class="column" data-column="endpoints"><h3>Endpoints</h3><ul></ul><p class="quiet more"></p></div>
    </div>
  </section>
  <div class="pair">
    <section id="domains" aria-labelledby="domains-title" class="panel" tabindex="-1">
      <h2 id="domains-title">Domains</h2>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="domains-title"><table>
        <thead><tr><th scope="col">Name</th><th scope="col" class="number">Requests/s</th>
          <th scope="col" class="number">p50</th><th scope="col" class="number">p99</th>
          <th scope="col" class="number">Failed</th><th scope="col" class="wide">Answers</th></tr></thead>
        <tbody></tbody></table></div>
      <p class="foot"><span class="quiet count"></span><button type="button" class="more">Show more</button></p>
    </section>
    <section id="endpoints" aria-labelledby="endpoints-title" class="panel">
      <h2 id="endpoints-title">Endpoints</h2>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="endpoints-title"><table>
        <thead><tr><th scope="col">Endpoint</th><th scope="col">Condition</th>
          <th scope="col" class="number">Requests/s</th><th scope="col" class="number wide">Share</th>
          <th scope="col" class="number">Failed/s</th><th scope="col" class="number wide">In flight</th>
          <th scope="col" class="number wide">Kept</th><th scope="col" class="number wide">Weight</th></tr></thead>
        <tbody></tbody></table></div>
      <p class="foot"><span class="quiet count"></span><button type="button" class="more">Show more</button></p>
    </section>
  </div>
  <section id="failures" aria-labelledby="failures-title" class="panel">
    <h2 id="failures-title">Recent failures</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="failures-title"><table>
      <thead><tr><th scope="col">Time</th><th scope="col">Code</th><th scope="col" class="number">Status</th>
        <th scope="col">Request</th><th scope="col" class="wide">Endpoint</th>
        <th scope="col" class="number wide">Took</th></tr></thead>
      <tbody></tbody></table></div>
    <p class="quiet note"></p>
  </section>
  <section id="certificates" aria-labelledby="certificates-title" class="panel">
    <h2 id="certificates-title">Certificates</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="certificates-title"><table>
      <thead><tr><th scope="col">Names</th><th scope="col" class="wide">File</th><th scope="col">Valid until</th>
        <th scope="col" class="number">Days left</th></tr></thead>
      <tbody></tbody></table></div>
    <p class="quiet note"></p>
  </section>
</main>
<footer class="quiet">Figures are those of the last ten seconds. This page only looks; <code>relevo top</code> and
  <code>relevo endpoint</code> change things.</footer>
<script>
// Words and figures for people, and the only ways in which this page makes elements.
// Names and targets come from whoever sends requests: they become text, never markup.

"use strict";

/** Characters that would not show, or would turn a line around, as their code points. */
function printable(text) {
  return String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (character) =>
    `\u27e8${character.codePointAt(0).toString(16).padStart(4, "0")}\u27e9`);
}

/** An element with a class and a text. */
function make(tag, className = "", text = null, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== null) element.textContent = printable(text);
  element.append(...children);
  return element;
}

/** An element of a drawing with its attributes. */
function draw(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Writes a text where it differs: what stays is not touched. */
function write(element, text) {
  const shown = printable(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** Makes the children of an element those of the items, by key: what stays keeps its element and its focus. */
function reconcile(parent, items, key, create, update) {
  const focused = document.activeElement;
  const known = new Map([...parent.children].map((child) => [child.relevoKey, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let child = known.get(name);
    known.delete(name);
    if (!child) {
      child = create(item);
      child.relevoKey = name;
    }
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
  if (focused && focused !== document.activeElement && parent.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}

/** A number with as many digits as say something. */
function figure(value) {
  if (value === null || !Number.isFinite(value)) return "\u2013";
  if (value === 0) return "0";
  if (value >= 1e6) return `${(value / 1e6).toFixed(value >= 1e7 ? 0 : 1)} M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(value >= 1e5 ? 0 : 1)} k`;
  if (value >= 100) return Math.round(value).toLocaleString("en");
  if (value < 0.05) return "<0.1";
  return value >= 9.95 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}

/** A time, given in seconds. */
function time(seconds) {
  if (seconds === null) return "\u2013";
  if (seconds === Infinity) return ">10 s";
  if (seconds >= 1) return `${seconds.toFixed(seconds >= 10 ? 0 : 1)} s`;
  const milliseconds = seconds * 1e3;
  return `${milliseconds >= 9.95 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`;
}

/** Bytes in a second. */
function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 9.95 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}/s`;
}

/** A part of a whole in per cent. */
function share(part, whole) {
  if (!whole) return "\u2013";
  const percent = (part / whole) * 100;
  if (percent === 0) return "0 %";
  return percent < 0.1 ? "<0.1 %" : `${percent.toFixed(percent >= 9.95 ? 0 : 1)} %`;
}

/** How long a process has run. */
function age(seconds) {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} days`;
}

/** The name of a domain for people. */
const domainName = (name) => name || "(no domain)";
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
// Charts of the last three minutes: areas on top of each other, or lines.
// What they show is computed in figures.js; their colours are in dashboard.css.

const chartSeconds = 180;

/** The next round number, so that a scale does not change with each sample. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

class Chart {
  /** `form` is "areas" or "lines"; `format` writes a value. */
  constructor(title, form, format) {
    this.form = form;
    this.format = format;
    this.title = title;
    this.samples = [];
    this.series = [];
    this.looking = null;
    this.figure = make("figure", "panel chart");
    const heading = make("h2", "", title);
    this.legend = make("ul", "legend");
    this.canvas = draw("svg", { role: "img" });
    this.figure.append(make("figcaption", "", null, heading, this.legend), this.canvas);
    this.canvas.addEventListener("pointermove", (event) => this.look(event));
    this.canvas.addEventListener("pointerleave", () => this.lookAt(null));
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
  }

  /** Shows samples, each `{ at, values }` with its time in seconds, by series `{ key, label, tone }`. */
  show(samples, series) {
    this.samples = samples;
    this.series = series;
    this.redraw();
  }

  look(event) {
    const box = this.canvas.getBoundingClientRect();
    const last = this.samples.length ? this.samples[this.samples.length - 1].at : 0;
    const at = last - chartSeconds * (1 - (event.clientX - box.left) / Math.max(1, box.width));
    let nearest = null;
    for (const sample of this.samples) {
      if (!nearest || Math.abs(sample.at - at) < Math.abs(nearest.at - at)) nearest = sample;
    }
    this.lookAt(nearest);
  }

  lookAt(sample) {
    this.looking = sample;
    this.redraw();
  }

  redraw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !this.samples.length) return;
    const top = 14;
    const foot = height - 18;
    const last = this.samples[this.samples.length - 1].at;
    const full = roundUp(Math.max(0, ...this.samples.map((sample) => this.peak(sample))));
    const x = (at) => (width * (chartSeconds - (last - at))) / chartSeconds;
    const y = (value) => foot - (Math.min(value, full) / full) * (foot - top);
    const parts = [...this.grid(width, full, y, height)];
    parts.push(...(this.form === "areas" ? this.areas(x, y) : this.lines(x, y)));
    if (this.looking) {
      const place = x(this.looking.at).toFixed(1);
      parts.push(draw("line", { x1: place, x2: place, y1: top, y2: foot, class: "look" }));
    }
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.canvas.replaceChildren(...parts);
    this.tell();
  }

  peak(sample) {
    const values = this.series.map(({ key }) => this.value(sample, key));
    return this.form === "areas" ? values.reduce((all, value) => all + value, 0) : Math.max(0, ...values);
  }

  value(sample, key) {
    const value = sample.values[key];
    return value === Infinity ? 10 : value || 0;
  }

  grid(width, full, y, height) {
    const parts = [];
    for (const part of [0, 0.5, 1]) {
      const place = y(full * part).toFixed(1);
      parts.push(draw("line", { x1: 0, x2: width, y1: place, y2: place, class: "grid" }));
      if (part === 0) continue;
      parts.push(this.word(0, Number(place) - 4, "start", this.format(full * part)));
    }
    parts.push(this.word(0, height - 4, "start", "3 min ago"), this.word(width, height - 4, "end", "now"));
    return parts;
  }

  word(x, y, anchor, text) {
    const word = draw("text", { x, y, "text-anchor": anchor });
    word.textContent = text;
    return word;
  }

  areas(x, y) {
    const lower = this.samples.map(() => 0);
    return this.series.map(({ key, tone }) => {
      const ups = [];
      const downs = [];
      this.samples.forEach((sample, index) => {
        const place = x(sample.at).toFixed(1);
        downs.unshift(`${place},${y(lower[index]).toFixed(1)}`);
        lower[index] += this.value(sample, key);
        ups.push(`${place},${y(lower[index]).toFixed(1)}`);
      });
      return draw("path", { d: `M${ups.join("L")}L${downs.join("L")}Z`, class: `area ${tone}` });
    });
  }

  lines(x, y) {
    return this.series.map(({ key, tone }) => {
      let path = "";
      let isOpen = false;
      for (const sample of this.samples) {
        const value = sample.values[key];
        if (value === null || value === undefined) {
          isOpen = false;
          continue;
        }
        path += `${isOpen ? "L" : "M"}${x(sample.at).toFixed(1)},${y(this.value(sample, key)).toFixed(1)}`;
        isOpen = true;
      }
      return draw("path", { d: path || "M0,0", class: `line ${tone}` });
    });
  }

  /** The legend has the values of now, or of the time that is pointed at. */
  tell() {
    const sample = this.looking || this.samples[this.samples.length - 1];
    const value = ({ key }) => (sample.values[key] === undefined ? this.format(0) : this.format(sample.values[key]));
    reconcile(this.legend, this.series, ({ key }) => key,
      () => make("li", "", null, make("span", "swatch"), make("span", "label"), make("b")),
      (item, series) => {
        item.className = series.tone;
        write(item.children[1], series.label);
        write(item.children[2], value(series));
      });
    const words = this.series.map((series) => `${series.label} ${value(series)}`).join(", ");
    this.canvas.setAttribute("aria-label", printable(`${this.title}: ${words || "nothing"}`));
  }
}
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
</script>
</body>
</html>
"""#
}
