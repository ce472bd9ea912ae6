// The response as a script in this browser sees it.

import { byId, element } from "./dom.js";
import { fieldLine, Listing, noteLine, pieceLines } from "./listing.js";
import { bytes, count, failure, UNTOLD } from "./words.js";

export class Seen {
    #listing = new Listing(byId("seen"));
    #agent;

    constructor(agent) {
        this.#agent = agent;
        this.#listing.subtitle = agent;
    }

    clear() {
        for (const part of ["head", "data", "trailers"]) {
            this.#listing.set(part, "", []);
        }
    }

    /** Shows an exchange while it runs. */
    progress(exchange) {
        if (exchange.response !== null) {
            this.#head(exchange, [...exchange.response.headers.keys()].filter((name) => name !== "date"));
            this.#data(exchange);
            this.#listing.set("trailers", "", [noteLine("not here yet")]);
        }
    }

    /** Shows an exchange that has ended. `trailers` are those of `trailersOf`. */
    show(exchange, record, trailers) {
        if (exchange.response === null) {
            this.#listing.set("head", "", [noteLine(failure(exchange.error))]);
            return;
        }
        const names = record?.fields.map(([name]) => name) ?? [...exchange.response.headers.keys()];
        this.#head(exchange, [...new Set(names)]);
        this.#data(exchange);
        this.#trailers(exchange, record, trailers);
    }

    #head(exchange, names) {
        this.#listing.set("head", "response.headers", [
            fieldLine("status", exchange.response.status),
            ...names.map((name) => exchange.field(name) === null
                ? hiddenLine(name, "not shown to pages", { "data-field": name })
                : fieldLine(name, exchange.field(name))),
        ]);
    }

    #data({ bytes: received, chunks, error, state }) {
        const size = `${bytes(received)} in ${count(chunks.length, "chunk")}`;
        const end = state === "cut" ? [element("li", { class: "bad" }, element("code", {}, failure(error)))] : [];
        this.#listing.set("data", `response.body ${size}`, [...pieceLines(chunks, chunks.length), ...end]);
    }

    #trailers(exchange, record, trailers) {
        const lines = trailers.map(trailerLine);
        if (trailers.length === 0) {
            lines.push(noteLine(exchange.state === "cut" ? "none: the transfer was cut" : "none"));
        } else {
            lines.push(noteLine(...this.#reason(trailers)));
        }
        if (record?.state === "failed" && exchange.state === "complete") {
            lines.push(element("li", { class: "bad" }, "For fetch this transfer is complete."));
        }
        this.#listing.set("trailers", "", lines);
    }

    /** Why trailers are shown or not. */
    #reason(trailers) {
        const has = (test) => trailers.some(test);
        const timing = element("code", {}, "Server-Timing");
        const reason = [];
        if (has(({ name, shown }) => name !== "server-timing" && shown === null)) {
            reason.push("Grey: not shown to this page. The Fetch API has no trailers. ");
        }
        if (has(({ name, shown }) => name === "server-timing" && shown === null)) {
            reason.push(`${this.#agent} shows `, timing, " only from the header section.");
        } else if (has(({ name, shown }) => name === "server-timing" && shown)) {
            reason.push(timing, " is in ", element("code", {}, "PerformanceResourceTiming"), ".");
        }
        return reason;
    }
}

function trailerLine({ name, value, shown }) {
    if (shown === undefined) {
        return hiddenLine(name, UNTOLD, { "data-trailer": name });
    }
    return shown === null
        ? hiddenLine(name, value, { "data-trailer": name })
        : fieldLine(name, shown, { class: "shown", "data-trailer": name });
}

/** A field that this page cannot read. */
function hiddenLine(name, value, attributes) {
    const line = fieldLine(name, value, { class: "hidden", ...attributes });
    line.prepend(element("span", { class: "unseen" }, "not shown: "));
    return line;
}
