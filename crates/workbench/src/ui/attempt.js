// Sends the form's request and shows the response: what the server sent, and what this browser shows of it.

import { proxyOf } from "./between.js";
import { chunkTable, preview } from "./body.js";
import { offerCurl } from "./curl.js";
import { byId, element, oncePerFrame } from "./dom.js";
import { finalRecord, follow, isFailed } from "./record.js";
import { ScriptView } from "./script.js";
import { trailersOf } from "./shown.js";
import { send } from "./stream.js";
import { Scale, Timeline } from "./timeline.js";
import { verdict } from "./verdict.js";
import { Wire } from "./wire.js";
import { bytes, count, duration, failure, STATES } from "./words.js";

const FLAGS = 3;
const HEIGHT = 96;

// Examples: a route and the values of its controls. Without values, they are those of the route's own example.
const STARTS = [
    { label: "Export", path: "/export/{table}", set: { limit: 20_000 } },
    { label: "Failure in trailers", path: "/export/{table}", set: { fail_at: 15_000, fail: "trailer" } },
    { label: "Cut transfer", path: "/export/{table}", set: { fail_at: 15_000, fail: "reset" } },
    { label: "Usage counts", path: "/answer", set: null },
    { label: "Steady stream", path: "/bytes/{n}", set: { n: 65_536, chunk: 4096, delay: 150 } },
    { label: "Two chunks", path: "/", set: null },
];

export class Attempt {
    #agent;
    #form;
    #wire = new Wire();
    #script;
    #timeline = new Timeline(byId("timeline"), new Scale(), { height: HEIGHT, flags: FLAGS, isLabelled: true });
    #running = null;
    #exchange = null;
    #progressSoon = oncePerFrame(() => this.#progress());

    constructor(agent, form) {
        this.#agent = agent;
        this.#form = form;
        this.#script = new ScriptView(agent);
        byId("attempt-form").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#runOrStop();
        });
        offerCurl(() => form.request());
        this.#offerStarts();
    }

    /** Runs one of the examples. */
    async start(label) {
        const { path, set } = STARTS.find((start) => start.label === label);
        const route = this.#form.find(path);
        if (route === undefined) {
            throw new Error(`this server has no route ${path}`);
        }
        this.#form.choose(route);
        if (set !== null) {
            this.#form.set(set);
        }
        this.#running?.abort();
        await this.#run();
    }

    #offerStarts() {
        const buttons = STARTS.filter(({ path }) => this.#form.find(path) !== undefined).map(({ label }) => {
            const button = element("button", { type: "button" }, label);
            button.addEventListener("click", () => {
                this.#scroll();
                this.start(label);
            });
            return button;
        });
        byId("starts").replaceChildren(...buttons);
    }

    #runOrStop() {
        if (this.#running === null) {
            this.#scroll();
            this.#run();
        } else {
            this.#running.abort();
        }
    }

    /** On a narrow screen the result is below the controls. */
    #scroll() {
        if (byId("result").getBoundingClientRect().top > innerHeight / 2) {
            byId("result").scrollIntoView();
        }
    }

    async #run() {
        const running = new AbortController();
        this.#running = running;
        const isCurrent = () => this.#running === running;
        byId("run").textContent = "Stop";
        this.#begins();
        let isFollowed = false;
        try {
            const exchange = await send({ ...this.#form.request(), signal: running.signal }, (now) => {
                if (!isCurrent()) {
                    return;
                }
                this.#shows(now);
                if (!isFollowed && now.response !== null) {
                    isFollowed = true;
                    follow(now, (record) => {
                        if (isCurrent()) {
                            this.#wire.show(record, proxyOf(now, record) !== null);
                        }
                    });
                }
            });
            const record = await finalRecord(exchange);
            const trailers = trailersOf(exchange, record);
            const results = [await verdict(this.#agent, exchange, record, trailers), await exchange.content()];
            if (isCurrent()) {
                this.#ended(exchange, record, trailers, ...results);
            }
        } catch (error) {
            if (isCurrent()) {
                byId("verdict").textContent = `This page failed: ${failure(error)}`;
                byId("result").dataset.state = "failed";
            }
        } finally {
            if (isCurrent()) {
                this.#running = null;
                byId("run").textContent = "Run";
            }
        }
    }

    #begins() {
        byId("result").dataset.state = "running";
        byId("verdict").textContent = "The transfer is running. Trailers come at its end.";
        byId("status").textContent = STATES.running;
        byId("chunk-table").replaceChildren();
        byId("preview").textContent = "";
        this.#wire.clear();
        this.#script.clear();
        this.#timeline.clear();
    }

    /** Chunks may arrive faster than the screen updates. */
    #shows(exchange) {
        this.#timeline.show(exchange);
        this.#exchange = exchange;
        this.#progressSoon();
    }

    #progress() {
        if (this.#exchange.state === "running") {
            this.#script.progress(this.#exchange);
            byId("status").textContent = `${STATES.running} ${amount(this.#exchange)}`;
        }
    }

    #ended(exchange, record, trailers, sentence, content) {
        this.#form.offerIds({ exportId: exchange.field("x-export-id"), requestId: record.id });
        const state = outcome(exchange, record);
        byId("verdict").textContent = sentence;
        byId("status").textContent = summary(exchange, state);
        byId("result").dataset.state = state;
        const isProxied = proxyOf(exchange, record) !== null;
        this.#wire.show(record, isProxied);
        this.#script.show(exchange, record, trailers, isProxied);
        this.#timeline.show(exchange, state, trailers);
        byId("chunk-table").replaceChildren(chunkTable(exchange));
        byId("preview").textContent = preview(content, exchange.bytes);
    }
}

/** How an exchange ended. `lies`: it failed, which fetch does not report. */
function outcome(exchange, record) {
    if (exchange.state !== "complete") {
        return exchange.state;
    }
    if (exchange.isRefused) {
        return "refused";
    }
    return isFailed(record) ? "lies" : "complete";
}

function summary(exchange, state) {
    const { ended, error, protocol } = exchange;
    const [word, ...rest] = STATES[state].split("; ");
    const after = [`${word} after ${duration(ended)}`, ...rest].join("; ");
    const why = error === null ? "" : ` (${failure(error)})`;
    return state === "unreachable" ? after + why : `${after}: ${amount(exchange)}, ${protocol}${why}`;
}

function amount(exchange) {
    return `${bytes(exchange.bytes)} in ${count(exchange.chunks.length, "chunk")}`;
}
