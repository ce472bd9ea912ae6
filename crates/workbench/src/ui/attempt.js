// Sends a request to any route. The controls are generated from `GET /help`.

import { byId, element, facts, labelled, options, prose } from "./dom.js";
import { bySecondRequest } from "./exports.js";
import { send } from "./stream.js";
import { Timeline } from "./timeline.js";
import { bytes, count, duration, failure, STATES, timings, UNTOLD } from "./words.js";

const HEIGHT = 210;

// A longer list of chunks is shortened to its first and last ones.
const ROWS = 50;

// Suggestions: a route and the values of its controls.
const STARTS = [
    { label: "Two chunks", path: "/", set: {} },
    { label: "A steady stream", path: "/bytes/{n}", set: { n: 65_536, chunk: 4096, delay: 150 } },
    { label: "An export", path: "/export/{table}", set: {} },
    { label: "A cut export", path: "/export/{table}", set: { fail_at: 2000, fail: "reset" } },
    { label: "A failure in trailers", path: "/export/{table}", set: { fail_at: 2000, fail: "trailer" } },
];

export class Attempt {
    #routes;
    #tableControl;
    #timeline = new Timeline(byId("timeline"), HEIGHT);
    #running = null;
    #exchange = null;
    #isDue = false;
    #lastExport = "";

    constructor(routes, tableControl) {
        this.#routes = routes;
        this.#tableControl = tableControl;
        const select = byId("route");
        select.replaceChildren(...routes.map(({ method, path }, n) =>
            element("option", { value: n }, `${method} ${path}`)));
        select.addEventListener("change", () => this.choose(routes[select.value]));
        const form = byId("attempt-form");
        form.addEventListener("input", () => this.#showTarget());
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.#runOrStop();
        });
        this.#offerStarts();
        this.choose(routes[0]);
    }

    /** Creates a route's controls, with the values of its example. */
    choose(route) {
        byId("route").value = this.#routes.indexOf(route);
        byId("shows").replaceChildren(...prose(route.shows));
        const { variables, query } = example(route);
        const controls = [];
        for (const [, name] of route.path.matchAll(/\{(\w+)\}/g)) {
            const control = name === "table"
                ? this.#tableControl("control-table", variables.table)
                : element("input", { id: `control-${name}`, required: true, value: this.#value(name, variables) });
            controls.push(labelled(name, named(control, "variable", name)));
        }
        for (const parameter of route.parameters) {
            controls.push(parameterControl(parameter, query));
        }
        for (const { name, value } of route.example.fields) {
            controls.push(labelled(name, named(element("input", { id: `control-${name}`, value }), "field", name)));
        }
        if (route.example.content !== null) {
            const content = element("textarea", { id: "control-content", rows: 3 });
            content.value = route.example.content;
            controls.push(labelled("content", content));
        }
        byId("controls").replaceChildren(...controls);
        this.#showTarget();
    }

    #value(name, variables) {
        return name === "id" ? this.#lastExport : variables[name];
    }

    #offerStarts() {
        const buttons = STARTS.flatMap(({ label, path, set }) => {
            const route = this.#routes.find((route) => route.path === path && route.method === "GET");
            if (route === undefined) {
                return [];
            }
            const button = element("button", { type: "button" }, label);
            button.addEventListener("click", () => {
                this.choose(route);
                for (const control of byId("controls").querySelectorAll("[data-parameter], [data-variable]")) {
                    const name = control.dataset.parameter ?? control.dataset.variable;
                    if (name in set) {
                        control.value = set[name];
                    } else if (control.dataset.parameter) {
                        control.value = "";
                    }
                }
                this.#showTarget();
                this.#running?.abort();
                this.#run();
            });
            return [button];
        });
        byId("starts").replaceChildren(...buttons);
    }

    get #route() {
        return this.#routes[byId("route").value];
    }

    #request() {
        const controls = [...byId("controls").querySelectorAll("input, select, textarea")];
        const of = (kind) => controls.filter((control) => kind in control.dataset);
        let target = this.#route.path;
        for (const control of of("variable")) {
            // A lone surrogate can't be encoded.
            const value = control.value.toWellFormed().split("/").map(encodeURIComponent).join("/");
            target = target.replace(`{${control.dataset.variable}}`, () => value);
        }
        const pairs = of("parameter").filter((control) => control.value !== "");
        const query = new URLSearchParams(pairs.map((control) => [control.dataset.parameter, control.value]));
        const whole = [query.toString(), ...of("query").map((control) => control.value)].filter((part) => part !== "");
        target += whole.length > 0 ? `?${whole.join("&")}` : "";
        const content = controls.find((control) => control.id === "control-content")?.value ?? null;
        const fields = Object.fromEntries(of("field").map((control) => [control.dataset.field, control.value]));
        // The target that the browser requests: without `..` and the fragment.
        const { pathname, search } = new URL(target, location.origin);
        return { method: this.#route.method, target: pathname + search, content, fields };
    }

    #showTarget() {
        const { method, target } = this.#request();
        byId("target").textContent = `${method} ${target}`;
    }

    #runOrStop() {
        if (this.#running === null) {
            this.#run();
        } else {
            this.#running.abort();
        }
    }

    async #run() {
        const running = new AbortController();
        this.#running = running;
        const isCurrent = () => this.#running === running;
        byId("run").textContent = "Stop";
        this.#begins();
        try {
            const exchange = await send({ ...this.#request(), signal: running.signal }, (now) => {
                if (isCurrent()) {
                    this.#shows(now);
                }
            });
            const sent = await sentTrailers(exchange);
            const state = outcome(exchange, sent);
            const ending = [await summary(exchange, state, sent), shown(exchange, sent), await exchange.content()];
            if (isCurrent()) {
                this.#lastExport = exchange.field("x-export-id") ?? this.#lastExport;
                this.#ended(exchange, state, ...ending);
            }
        } catch (error) {
            if (isCurrent()) {
                byId("status").textContent = `It did not work: ${failure(error)}`;
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
        byId("status").textContent = "Running …";
        byId("shown").replaceChildren(element("p", {}, "Trailers come at the end."));
        byId("chunk-table").replaceChildren();
        byId("preview").textContent = "";
        // On a narrow screen the result is below the controls.
        if (byId("result").getBoundingClientRect().top > innerHeight / 2) {
            byId("result").scrollIntoView();
        }
    }

    /** Chunks may arrive faster than the screen updates. */
    #shows(exchange) {
        this.#timeline.show(exchange);
        this.#exchange = exchange;
        if (!this.#isDue) {
            this.#isDue = true;
            requestAnimationFrame(() => {
                this.#isDue = false;
                facts(byId("facts"), counted(this.#exchange));
            });
        }
    }

    #ended(exchange, state, summary, shown, content) {
        byId("status").textContent = summary;
        byId("result").dataset.state = state;
        byId("shown").replaceChildren(...shown);
        byId("chunk-table").replaceChildren(table(exchange));
        byId("preview").textContent = preview(content, exchange.bytes);
    }
}

function counted({ response, bytes: received, chunks, head, ended }) {
    const after = (time) => (time === undefined || time === null ? "–" : duration(time));
    return [
        ["status", "Status", response === null ? "none" : String(response.status)],
        ["bytes", "Bytes", bytes(received)],
        ["chunks", "Chunks", String(chunks.length)],
        ["head", "Header section", after(head)],
        ["first", "First chunk", after(chunks[0]?.at)],
        ["last", "Last chunk", after(chunks.at(-1)?.at)],
        ["end", "End", after(ended)],
    ];
}

/** The trailers that were sent for an export, from a second request. `null` if they are unknown. */
async function sentTrailers(exchange) {
    const id = exchange.field("x-export-id");
    if (id === null || exchange.state !== "complete") {
        return null;
    }
    return bySecondRequest(id).then((account) => account.trailers, () => null);
}

/** How the exchange ended, according to the trailers that were sent. */
function outcome(exchange, sent) {
    if (exchange.state === "complete" && exchange.isRefused) {
        return "refused";
    }
    return (sent?.["grpc-status"] ?? "0") === "0" ? exchange.state : "failed";
}

async function summary(exchange, state, sent) {
    const { ended, error } = exchange;
    if (state === "refused") {
        return `Refused with ${await exchange.refusal()}`;
    }
    const size = `${bytes(exchange.bytes)} in ${count(exchange.chunks.length, "chunk")}`;
    if (state === "failed") {
        const why = sent["grpc-message"];
        return `Failed, as its trailers say (${why}). fetch has it complete after ${duration(ended)}: ${size}`;
    }
    return `${STATES[state]} after ${duration(ended)}: ${size}${error === null ? "" : ` (${failure(error)})`}`;
}

/** The values of a route's example, for the variables of its path and for its query. */
function example({ path, example: { target } }) {
    const [way, query = ""] = target.split("?");
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const values = way.match(new RegExp(`^${path.replace(/\{\w+\}/g, "(.+)")}$`))?.slice(1) ?? [];
    const variables = Object.fromEntries(names.map((name, n) => [name, decodeURIComponent(values[n] ?? "")]));
    return { variables, query };
}

function named(control, kind, name) {
    control.dataset[kind] = name;
    return control;
}

/** `format=csv|json` becomes a select, `limit=N` a number, `columns=A,B` text, and `NAME=VALUE` the whole query. */
function parameterControl(parameter, query) {
    const [name, value] = parameter.split("=");
    if (name === name.toUpperCase()) {
        const control = element("input", { id: "control-query", value: query });
        return labelled("query", named(control, "query", ""));
    }
    const id = `control-${name}`;
    const set = new URLSearchParams(query).get(name) ?? "";
    let control;
    if (/^[A-Z]+$/.test(value)) {
        control = element("input", { id, type: "number", min: 0, step: 1, value: set, inputmode: "numeric" });
    } else if (value === value.toLowerCase()) {
        control = element("select", { id });
        options(control, ["", ...value.split("|")]);
        control.value = set;
    } else {
        control = element("input", { id, value: set, placeholder: value });
    }
    return labelled(name, named(control, "parameter", name));
}

/** What a page can find out about an exchange's trailers. */
function shown(exchange, sent) {
    if (exchange.response === null) {
        return [element("p", {}, "There was no response.")];
    }
    const inHead = exchange.field("server-timing");
    const line = element("code", {}, `server-timing: ${inHead}`);
    const head = inHead === null ? [] : [element("p", {}, "In the header section: ", line)];
    const lines = exchange.announced.map((name) =>
        element("li", { "data-trailer": name }, element("code", {}, name), " ", ...fate(name, exchange, sent)));
    return [
        lines.length === 0
            ? element("p", {}, "The response announced no trailers.")
            : element("ul", { class: "fields" }, ...lines),
        ...head,
        element("p", { class: "quiet" }, `Over ${exchange.protocol}.`),
    ];
}

function fate(name, exchange, sent) {
    const timing = exchange.serverTiming;
    if (name === "server-timing" && timing?.length > 0) {
        return [element("span", { class: "good" }, `shown: ${timings(timing)}`)];
    }
    if (exchange.trailers.has(name)) {
        return [element("span", { class: "good" }, "shown: "), element("code", {}, exchange.trailers.get(name))];
    }
    if (exchange.state !== "complete") {
        return [element("span", { class: "quiet" }, "announced; it never came")];
    }
    if (sent !== null && !(name in sent)) {
        return [element("span", { class: "quiet" }, "announced, and not sent: the export ended otherwise")];
    }
    const was = sent === null ? "announced" : "sent";
    const value = sent === null ? [] : [element("br"), element("code", { class: "quiet" }, sent[name])];
    if (name === "server-timing" && timing === null) {
        return [element("span", { class: "quiet" }, `${was}; whether it is shown is ${UNTOLD}`), ...value];
    }
    return [element("span", { class: "bad" }, `${was}, and not shown by this browser`), ...value];
}

function table({ chunks }) {
    if (chunks.length === 0) {
        return element("p", {}, "No chunk came.");
    }
    const row = (chunk, n) => {
        const gap = n === 0 ? "–" : duration(chunk.at - chunks[n - 1].at);
        const cells = [String(n + 1), duration(chunk.at), gap, bytes(chunk.size)];
        return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
    };
    const rows = chunks.map((chunk, n) => ({ chunk, n }));
    const left = rows.length - 2 * ROWS;
    const first = left > 0 ? rows.slice(0, ROWS) : rows;
    const last = left > 0 ? rows.slice(-ROWS) : [];
    const more = () => element("tr", {}, element("td", { colspan: 4 }, `… ${count(left, "chunk")} more …`));
    const between = left > 0 ? [more()] : [];
    const head = ["Chunk", "Came after", "Gap before", "Size"];
    return element("table", { class: "numbers" },
        element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
        element("tbody", {}, ...first.map(({ chunk, n }) => row(chunk, n)), ...between,
            ...last.map(({ chunk, n }) => row(chunk, n))));
}

/** The content as text, or in hexadecimal if it is not text. */
function preview(content, size) {
    const more = content.length < size ? `\n… ${bytes(size - content.length)} more` : "";
    try {
        // The last character may be cut if only the beginning was kept.
        return new TextDecoder("utf-8", { fatal: true }).decode(content, { stream: more !== "" }) + more;
    } catch {
        const digits = [...content.subarray(0, 512)].map((byte) => byte.toString(16).padStart(2, "0"));
        const lines = [];
        for (let at = 0; at < digits.length; at += 16) {
            lines.push(digits.slice(at, at + 16).join(" "));
        }
        return lines.join("\n") + (size > 512 ? `\n… ${bytes(size - 512)} more` : "");
    }
}
