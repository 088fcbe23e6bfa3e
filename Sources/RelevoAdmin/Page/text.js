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
