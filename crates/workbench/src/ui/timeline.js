// The drawing of an exchange: its chunks by arrival time, the gaps between them, and its end.

import { drawn } from "./dom.js";
import { bytes, count, duration } from "./words.js";

// In pixels.
const SIDE = 10;
const TOP = 26;
const AXIS = 24;
const BAR = 3;
const LABEL = 44;
const SCALE = 110;
const NARROWEST_GAP = 40;

// The initial scale of a running exchange, in milliseconds.
const SHORTEST = 50;

// The height of the largest chunk, as a fraction. The sum of all bytes takes the full height.
const LARGEST = 0.68;

// Up to this many chunks, sizes and gaps are labelled.
const LABELLED = 24;

const SETTLED = matchMedia("(prefers-reduced-motion: reduce)");

// The label of the end, and its description.
const ENDS = {
    complete: ["end", "complete"],
    cut: ["cut", "cut"],
    failed: ["failed", "told to have failed"],
    stopped: ["stopped", "stopped"],
    unopened: ["not opened", "not opened"],
    unreachable: ["no response", "without a response"],
};

export class Timeline {
    #svg = drawn("svg", { role: "img", "aria-label": "Time line: nothing has run yet" });
    #height;
    #exchange = null;
    #isDue = false;

    constructor(figure, height) {
        this.#height = height;
        this.#svg.setAttribute("height", height);
        figure.prepend(this.#svg);
        new ResizeObserver(() => this.#draw()).observe(figure);
    }

    /** Draws an exchange, and updates the drawing while it runs. */
    show(exchange) {
        this.#exchange = exchange;
        if (!this.#isDue) {
            this.#isDue = true;
            requestAnimationFrame(() => {
                this.#isDue = false;
                this.#draw();
                if (this.#exchange.state === "running" && !SETTLED.matches) {
                    this.show(this.#exchange);
                }
            });
        }
    }

    #draw() {
        const width = this.#svg.parentElement.clientWidth;
        this.#svg.setAttribute("viewBox", `0 0 ${width} ${this.#height}`);
        const exchange = this.#exchange;
        const base = this.#height - AXIS;
        if (exchange === null) {
            this.#svg.replaceChildren(line("axis", SIDE, base, width - SIDE, base));
            return;
        }
        const now = exchange.ended ?? exchange.elapsed;
        const span = exchange.ended === null ? rounded(Math.max(now * 1.05, SHORTEST)) : Math.max(now * 1.04, 1);
        const x = (at) => SIDE + (at / span) * (width - 2 * SIDE);
        const plot = { exchange, now, span, x, base, width, height: base - TOP };
        this.#svg.replaceChildren(...axis(plot), ...head(plot), ...chunks(plot), ...gaps(plot), ...end(plot));
        this.#svg.setAttribute("aria-label", told(exchange));
    }
}

/** Rounds up to 1, 2, 5, 10, …, which keeps the scale of a running exchange still for a while. */
function rounded(milliseconds) {
    const power = 10 ** Math.floor(Math.log10(milliseconds));
    return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= milliseconds) ?? milliseconds;
}

function axis({ span, x, base, width }) {
    const step = rounded(span / Math.max(3, Math.floor(width / SCALE)));
    const unit = span < 1000 ? (at) => `${Number(at.toFixed(1))} ms` : (at) => `${Number((at / 1000).toFixed(1))} s`;
    const marks = [line("axis", SIDE, base, width - SIDE, base)];
    for (let at = 0; at <= span; at += step) {
        const anchor = at === 0 ? "start" : x(at) > width - 2 * SIDE - 20 ? "end" : "middle";
        marks.push(line("tick", x(at), base, x(at), base + 4), text("scale", x(at), base + 17, anchor, unit(at)));
    }
    return marks;
}

function head({ exchange, x, base }) {
    return exchange.head === null ? [] : [line("head", x(exchange.head), TOP, x(exchange.head), base)];
}

/** Merges chunks at the same position into one bar. */
function bars({ exchange, x }) {
    const bars = [];
    for (const { at, size } of exchange.chunks) {
        const place = Math.round(x(at) / BAR) * BAR;
        const last = bars.at(-1);
        if (last?.place === place) {
            last.size += size;
        } else {
            bars.push({ place, size });
        }
    }
    return bars;
}

function chunks(plot) {
    const { exchange, x, base, height, now } = plot;
    if (exchange.bytes === 0) {
        return [];
    }
    const all = bars(plot);
    const largest = Math.max(...all.map((bar) => bar.size));
    const tall = (size) => Math.max(3, (size / largest) * height * LARGEST);
    let sum = 0;
    let outline = `M${x(exchange.head ?? 0)} ${base}`;
    let strokes = "";
    for (const { place, size } of all) {
        sum += size;
        outline += `H${place}V${base - (sum / exchange.bytes) * height}`;
        strokes += `M${place} ${base}v${-tall(size)}`;
    }
    const drawing = [
        drawn("path", { class: "sum", d: `${outline}H${x(now)}V${base}Z` }),
        drawn("path", { class: "rise", d: `${outline}H${x(now)}` }),
        drawn("path", { class: "chunk", d: strokes }),
    ];
    return all.length > LABELLED ? drawing : [...drawing, ...sizes(all, (size) => base - tall(size) - 5, plot)];
}

/** Labels with the chunks' sizes, if there is room. */
function sizes(all, y, { width }) {
    const labels = [];
    let free = 0;
    for (const { place, size } of all) {
        const isLast = place > width - SIDE - LABEL;
        const [at, anchor, from] = place < SIDE + LABEL / 2
            ? [place + 4, "start", place]
            : isLast ? [place - 4, "end", place - LABEL] : [place, "middle", place - LABEL / 2];
        if (from >= free) {
            labels.push(text("size", at, y(size), anchor, short(size)));
            free = from + LABEL;
        }
    }
    return labels;
}

function short(size) {
    const [unit, name] = size < 1000 ? [1, "B"] : size < 1_000_000 ? [1000, "kB"] : [1_000_000, "MB"];
    return `${Number((size / unit).toPrecision(3))} ${name}`;
}

/** Labels of gaps that are wide enough. */
function gaps({ exchange, x, base }) {
    if (exchange.chunks.length > LABELLED) {
        return [];
    }
    const times = exchange.chunks.map((chunk) => chunk.at);
    return times.slice(1).flatMap((at, n) => {
        const [from, to] = [x(times[n]) + 4, x(at) - 4];
        const y = base - 7;
        return to - from < NARROWEST_GAP ? [] : [
            line("gap", from, y, to, y),
            text("gap", (from + to) / 2, y - 5, "middle", duration(at - times[n])),
        ];
    });
}

function end({ exchange, now, x, base, width, span }) {
    if (exchange.state === "running") {
        return [line("now", x(now), TOP - 12, x(now), base)];
    }
    const at = x(now);
    const isWhole = exchange.state === "complete";
    const mark = isWhole
        ? drawn("circle", { cx: at, cy: base, r: 5 })
        : drawn("path", { d: `M${at - 5} ${base - 5}l10 10m0 -10l-10 10` });
    const isLate = now > span / 2 || at > width - LABEL * 2;
    const name = text("name", isLate ? at - 5 : at + 5, TOP - 14, isLate ? "end" : "start", ENDS[exchange.state][0]);
    return [drawn("g", { class: `end ${exchange.state}` }, line("", at, TOP - 22, at, base), mark, name)];
}

function line(name, x1, y1, x2, y2) {
    return drawn("line", { class: name, x1, y1, x2, y2 });
}

function text(name, x, y, anchor, content) {
    return drawn("text", { class: name, x, y, "text-anchor": anchor }, content);
}

/** A description of the drawing. */
function told(exchange) {
    const { state, chunks, ended } = exchange;
    if (state === "running") {
        return "Time line of an exchange that runs";
    }
    const longest = chunks.reduce((most, { at }, n) => Math.max(most, n === 0 ? 0 : at - chunks[n - 1].at), 0);
    const gap = chunks.length > 1 ? `, the longest gap ${duration(longest)}` : "";
    const size = `${count(chunks.length, "chunk")}, ${bytes(exchange.bytes)}`;
    return `Time line: ${size}${gap}; ${ENDS[state][1]} after ${duration(ended)}`;
}
