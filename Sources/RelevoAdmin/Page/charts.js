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
