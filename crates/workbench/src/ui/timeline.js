// The drawing of an exchange: its chunks by arrival time, its trailers, and its end.

import { drawn, oncePerFrame } from "./dom.js";
import { Labels } from "./drawn_labels.js";
import { bytes, count, duration } from "./words.js";

// In pixels.
const SIDE = 12;
const TOP = 18;
const NAMES = 13;
const FLAG = 17;
const AXIS = 22;
const BAR = 3;
const TICKS = 110;

// The initial scale of a running exchange, in milliseconds.
const SHORTEST = 20;

// The height of the largest chunk, as a fraction. The sum of all bytes takes the full height.
const LARGEST = 0.6;

// Up to this many chunks, sizes and gaps are labelled.
const LABELLED = 24;

const SETTLED = matchMedia("(prefers-reduced-motion: reduce)");

// The label of the end, and its description.
const ENDS = {
    complete: ["end", "complete"],
    cut: ["cut", "cut"],
    failed: ["end, failed", "reported as failed"],
    lies: ["end, failed", "reported as failed by trailers only"],
    refused: ["end", "refused"],
    stopped: ["stopped", "stopped"],
    unopened: ["not opened", "not opened"],
    unreachable: ["no response", "without a response"],
};

/** The time scale of one or more drawings. It starts with the header section, so the wait for it takes no width. */
export class Scale {
    #timelines = new Set();

    join(timeline) {
        this.#timelines.add(timeline);
    }

    /** In milliseconds. */
    get span() {
        const longest = Math.max(...[...this.#timelines].map((timeline) => timeline.length));
        return [...this.#timelines].some((timeline) => timeline.isRunning)
            ? rounded(Math.max(longest * 1.05, SHORTEST))
            : Math.max(longest, 1);
    }

    draw() {
        this.#timelines.forEach((timeline) => timeline.draw());
    }
}

export class Timeline {
    #svg = drawn("svg", { role: "img" });
    #scale;
    #height;
    #flags;
    #isLabelled;
    #exchange = null;
    #outcome = null;
    #trailers = [];
    #drawSoon = oncePerFrame(() => {
        this.#scale.draw();
        if (this.#exchange?.state === "running" && !SETTLED.matches) {
            this.#drawSoon();
        }
    });

    /** `height` is that of the chunks, `flags` the number of trailers that have room. Chunks may have labels. */
    constructor(figure, scale, { height, flags = 0, isLabelled = false }) {
        this.#height = TOP + flags * FLAG + height + AXIS;
        this.#flags = flags;
        this.#isLabelled = isLabelled;
        this.#scale = scale;
        this.#svg.setAttribute("height", this.#height);
        figure.prepend(this.#svg);
        scale.join(this);
        this.clear();
        new ResizeObserver(() => this.draw()).observe(figure);
    }

    get isRunning() {
        return this.#exchange !== null && this.#outcome === null;
    }

    /** From the header section to the end or until now, in milliseconds. */
    get length() {
        return this.#exchange === null ? 0 : now(this.#exchange) - start(this.#exchange);
    }

    /**
     * Draws an exchange, and updates the drawing while it runs. `outcome` is its final state if that is known, and
     * `trailers` are those of `trailersOf`.
     */
    show(exchange, outcome = null, trailers = []) {
        this.#exchange = exchange;
        this.#outcome = outcome;
        this.#trailers = trailers;
        this.#drawSoon();
    }

    clear() {
        this.#exchange = null;
        this.#outcome = null;
        this.#trailers = [];
        this.#svg.setAttribute("aria-label", "Time line: no response yet");
        this.#scale.draw();
    }

    draw() {
        const width = this.#svg.parentElement.clientWidth;
        if (width === 0) {
            return; // It is folded.
        }
        this.#svg.setAttribute("viewBox", `0 0 ${width} ${this.#height}`);
        const exchange = this.#exchange;
        const base = this.#height - AXIS;
        const labels = new Labels(width);
        if (exchange === null) {
            this.#svg.replaceChildren(line("axis", SIDE, base, width - SIDE, base));
            return;
        }
        const { span } = this.#scale;
        const from = start(exchange);
        const x = (at) => SIDE + ((at - from) / span) * (width - 2 * SIDE);
        const height = base - TOP - this.#flags * FLAG;
        const isLabelled = this.#isLabelled && exchange.chunks.length <= LABELLED;
        const plot = {
            exchange, outcome: this.#outcome, now: now(exchange), span, x, base, width, height, labels, isLabelled,
        };
        // The first labels take the room.
        const ending = [...end(plot), ...flags(plot, this.#trailers, this.#flags)];
        const drawing = [...axis(plot), ...head(plot), ...chunks(plot), ...gaps(plot), ...ending];
        this.#svg.replaceChildren(...drawing, ...labels.texts);
        this.#svg.setAttribute("aria-label", described(exchange, this.#outcome, this.#trailers));
    }
}

function start({ head }) {
    return head ?? 0;
}

function now({ ended, elapsed }) {
    return ended ?? elapsed;
}

/** Rounds up to 1, 2, 5, 10, …, which keeps the scale of a running exchange still for a while. */
function rounded(milliseconds) {
    const power = 10 ** Math.floor(Math.log10(milliseconds));
    return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= milliseconds) ?? milliseconds;
}

/** Between round times, of which at least two are drawn: one alone shows no scale. */
function tickStep(span, width) {
    const step = rounded(span / Math.max(2, Math.floor(width / TICKS)));
    return step > span / 2 ? rounded(span / 5) : step;
}

/** Like all times, those of the axis count from the request. */
function axis({ exchange, span, x, base, width, labels }) {
    const step = tickStep(span, width);
    const unit = span < 1000 ? (at) => `${Number(at.toFixed(1))} ms` : (at) => `${Number((at / 1000).toFixed(1))} s`;
    const marks = [line("axis", SIDE, base, width - SIDE, base)];
    const from = start(exchange);
    const rounds = [];
    for (let at = Math.ceil(from / step) * step; at <= from + span; at += step) {
        rounds.push(at);
    }
    for (const at of [from, ...rounds]) {
        marks.push(line("tick", x(at), base, x(at), base + 4));
        labels.put("scale", x(at), base + 15, at === from ? "start" : "middle", unit(at));
    }
    return marks;
}

function head({ exchange, x, base, labels }) {
    if (exchange.head === null) {
        return [];
    }
    labels.put("scale", x(exchange.head), NAMES, "start", `header section after ${duration(exchange.head)}`);
    labels.take(x(exchange.head), TOP, base);
    return [line("head", x(exchange.head), TOP, x(exchange.head), base)];
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
    const { exchange, x, base, height, now, labels, isLabelled } = plot;
    if (exchange.bytes === 0) {
        return [];
    }
    const all = bars(plot);
    const largest = Math.max(...all.map(({ size }) => size));
    const tall = (size) => Math.max(3, (size / largest) * height * LARGEST);
    let sum = 0;
    let outline = `M${x(start(exchange))} ${base}`;
    let strokes = "";
    all.forEach(({ place, size }) => labels.take(place, base - tall(size), base));
    for (const { place, size } of all) {
        sum += size;
        outline += `H${place}V${base - (sum / exchange.bytes) * height}`;
        strokes += `M${place} ${base}v${-tall(size)}`;
        if (isLabelled) {
            labels.put("size", place, base - tall(size) - 5, "middle", short(size));
        }
    }
    return [
        drawn("path", { class: "sum", d: `${outline}H${x(now)}V${base}Z` }),
        drawn("path", { class: "rise", d: `${outline}H${x(now)}` }),
        drawn("path", { class: "chunk", d: strokes }),
    ];
}

function short(size) {
    const [unit, name] = size < 1000 ? [1, "B"] : size < 1_000_000 ? [1000, "kB"] : [1_000_000, "MB"];
    return `${Number((size / unit).toPrecision(3))} ${name}`;
}

/** Lines in gaps that are wide enough for their labels. */
function gaps({ exchange, x, base, labels, isLabelled }) {
    if (!isLabelled) {
        return [];
    }
    const times = exchange.chunks.map((chunk) => chunk.at);
    return times.slice(1).flatMap((at, n) => {
        const [from, to] = [x(times[n]) + 4, x(at) - 4];
        const isPut = labels.put("gap", (from + to) / 2, base - 10, "middle", duration(at - times[n]), to - from);
        return isPut ? [line("gap", from, base - 6, to, base - 6)] : [];
    });
}

function end({ outcome, now, x, base, width, labels }) {
    const at = x(now);
    if (outcome === null) {
        return [line("now", at, TOP, at, base)];
    }
    const anchor = at > width / 2 ? "end" : "start";
    labels.put("name", at, NAMES, anchor, `${ENDS[outcome][0]} after ${duration(now)}`);
    labels.take(at, TOP, base);
    const mark = outcome === "cut"
        ? drawn("path", { d: `M${at - 5} ${base - 5}l10 10m0 -10l-10 10` })
        : drawn("circle", { cx: at, cy: base, r: 4.5 });
    return [drawn("g", { class: `end ${outcome}` }, line("", at, TOP, at, base), mark)];
}

/** A flag for each trailer, at the side of the end that has more room. */
function flags({ now, x, width, labels }, trailers, room) {
    const at = x(now);
    const isLeft = at > width / 2;
    const left = trailers.length - room;
    const listed = left > 0 ? trailers.slice(0, room - 1) : trailers;
    const flag = (n, name, state) => {
        const y = TOP + n * FLAG;
        const label = labels.shortened(name, (isLeft ? at : width - at) - 3 * SIDE);
        labels.put(`flag ${state}`, isLeft ? at - 7 : at + 7, y + 12, isLeft ? "end" : "start", label);
        const wide = labels.widthOf(label) + 10;
        return drawn("rect", {
            class: `flag ${state}`, x: isLeft ? at - wide - 1 : at + 1, y: y + 1, width: wide, height: FLAG - 3,
        });
    };
    const marks = listed.map(({ name, value, shown }, n) =>
        flag(n, `${name}: ${value}`, typeof shown === "string" ? "shown" : "hidden"));
    return left > 0 ? [...marks, flag(room - 1, `${left + 1} more`, "hidden")] : marks;
}

function line(name, x1, y1, x2, y2) {
    return drawn("line", { class: name, x1, y1, x2, y2 });
}

/** A description of the drawing. */
function described(exchange, outcome, trailers) {
    const { chunks, ended } = exchange;
    if (outcome === null) {
        return "Time line of a running exchange";
    }
    const longest = chunks.reduce((most, { at }, n) => Math.max(most, n === 0 ? 0 : at - chunks[n - 1].at), 0);
    const gap = chunks.length > 1 ? `, the longest gap ${duration(longest)}` : "";
    const size = `${count(chunks.length, "chunk")}, ${bytes(exchange.bytes)}`;
    const fields = trailers.map(({ name, value }) => `; trailer ${name}: ${value}`).join("");
    return `Time line: ${size}${gap}; ${ENDS[outcome][1]} after ${duration(ended)}${fields}`;
}
