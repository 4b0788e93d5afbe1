/** The little of SVG that charts need: pure text, readable on light and on dark ground. */

export type Tone = "polity" | "hand" | "other" | "second" | "third" | "fourth";

/** Colours that people with any kind of colour vision tell apart, as far as there are such. */
const STYLE = `
text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 } .quiet { fill: #59636e; font-size: 11px }
.end { text-anchor: end } .middle { text-anchor: middle } .ground { fill: #ffffff }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.target { stroke: #cf222e; stroke-width: 2 } .aim { fill: #cf222e; font-size: 11px }
line, path, polyline { fill: none } polyline { stroke-width: 2 }
.polity { fill: #0969da; stroke: #0969da } .hand { fill: #8c959f; stroke: #8c959f }
.other { fill: #bf8700; stroke: #bf8700 } .second { fill: #8250df; stroke: #8250df }
.third { fill: #1a7f37; stroke: #1a7f37 } .fourth { fill: #bc4c00; stroke: #bc4c00 }
text { stroke: none !important } polyline { fill: none !important }
.dashed { stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .quiet { fill: #9198a1 } .ground { fill: #0d1117 } .grid { stroke: #3d444d }
.target { stroke: #f85149 } .aim { fill: #f85149 }
.polity { fill: #4493f8; stroke: #4493f8 } .hand { fill: #9198a1; stroke: #9198a1 }
.other { fill: #d29922; stroke: #d29922 } .second { fill: #ab7df8; stroke: #ab7df8 }
.third { fill: #3fb950; stroke: #3fb950 } .fourth { fill: #f0883e; stroke: #f0883e }
}`;

/** A whole picture. `title` is what is read aloud. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="6"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

export function text(x: number, y: number, said: string, classes = ""): string {
  const of = classes === "" ? "" : ` class="${classes}"`;
  return `<text x="${round(x)}" y="${round(y)}"${of}>${escapeText(said)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, classes: string): string {
  return `<line class="${classes}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

export function bar(x: number, y: number, width: number, height: number, tone: Tone): string {
  const size = `width="${round(Math.max(1, width))}" height="${round(height)}"`;
  return `<rect class="${tone}" x="${round(x)}" y="${round(y)}" ${size} rx="2"/>`;
}

export function dot(x: number, y: number, tone: Tone): string {
  return `<circle class="${tone}" cx="${round(x)}" cy="${round(y)}" r="3"/>`;
}

export function curve(points: readonly (readonly [x: number, y: number])[], classes: string): string {
  const places = points.map(([x, y]) => `${round(x)},${round(y)}`);
  return `<polyline class="${classes}" points="${places.join(" ")}"/>`;
}

/** A part of a chart, with axes of its own. */
export interface Panel {
  readonly height: number;
  readonly draw: (x: number, y: number, width: number) => readonly string[];
}

/** From a value to a place, so that each factor of ten takes the same room. */
export interface Scale {
  readonly place: (value: number) => number;
  /** Powers of ten from the lower end to the upper one. */
  readonly ticks: readonly number[];
}

export function logScale(values: readonly number[], from: number, to: number): Scale {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...positive, Number.MAX_VALUE)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive, Number.MIN_VALUE)) - 1e-9));
  if (positive.length === 0) return { place: () => from, ticks: [] };
  const step = (to - from) / (high - low);
  return {
    place: (value) => (value <= 0 ? from : from + (Math.log10(value) - low) * step),
    ticks: Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at)),
  };
}

/** A power of ten, of nanoseconds. */
export function tickTime(ns: number): string {
  if (ns < 1e3) return `${ns} ns`;
  if (ns < 1e6) return `${ns / 1e3} µs`;
  return ns < 1e9 ? `${ns / 1e6} ms` : `${ns / 1e9} s`;
}

/** A power of ten, of bytes. */
export function tickSize(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${bytes / 1e3} kB` : `${bytes / 1e6} MB`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escapeText(said: string): string {
  return said.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
