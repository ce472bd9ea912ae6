// The response as far as a script in this browser can read it.

import { byId, element } from "./dom.js";
import { fieldLine, hiddenLine, Listing, noteLine, pieceLines } from "./listing.js";
import { isFailed } from "./record.js";
import { bytes, count, failure } from "./words.js";

export class ScriptView {
    #listing = new Listing(byId("script"));
    #agent;

    constructor(agent) {
        this.#agent = agent;
        this.#listing.subtitle = agent;
    }

    clear() {
        this.#listing.clear();
    }

    /** Shows an exchange while it runs. */
    progress(exchange) {
        if (exchange.response !== null) {
            this.#head(exchange, []);
            this.#data(exchange);
            this.#listing.set("trailers", "", [noteLine("not here yet")]);
        }
    }

    /** Shows an exchange that has ended. `trailers` are those of `trailersOf`. */
    show(exchange, record, trailers, isProxied) {
        if (exchange.response === null) {
            this.#listing.set("head", "", [noteLine(failure(exchange.error))]);
            return;
        }
        // With a proxy, they may not have arrived at all.
        const tag = isProxied ? "not visible" : "not shown";
        const hidden = record.fields.filter(([name]) => exchange.field(name) === null);
        this.#head(exchange, hidden.map(([name, value]) => hiddenLine(tag, name, value)));
        this.#data(exchange);
        this.#trailers(exchange, record, trailers, tag);
    }

    #head({ response }, hidden) {
        this.#listing.set("head", `response.status ${response.status}, response.headers`, [
            ...[...response.headers].map(([name, value]) => fieldLine(name, value)),
            ...hidden,
        ]);
    }

    #data({ bytes: received, chunks, error, state }) {
        const size = `${bytes(received)} in ${count(chunks.length, "chunk")}`;
        const end = state === "cut" ? [element("li", { class: "bad" }, element("code", {}, failure(error)))] : [];
        this.#listing.set("data", `response.body, ${size}`, [...pieceLines(chunks, chunks.length), ...end]);
    }

    #trailers(exchange, record, trailers, tag) {
        const lines = trailers.map((trailer) => trailerLine(trailer, tag));
        lines.push(...this.#notes(exchange, record, trailers));
        if (isFailed(record) && exchange.state === "complete") {
            lines.push(element("li", { class: "bad" }, "fetch reports success."));
        }
        this.#listing.set("trailers", "", lines);
    }

    #notes({ state }, record, trailers) {
        if (trailers.length > 0) {
            return [noteLine(...this.#reason(trailers))];
        }
        if (state === "cut") {
            return [noteLine("none: the transfer was cut")];
        }
        const isKnown = record.state !== "unknown" && record.state !== "running";
        return [noteLine(isKnown ? "none" : "unknown: this page can read none")];
    }

    /** Why trailers are shown or not. */
    #reason(trailers) {
        const has = (test) => trailers.some(test);
        const timing = element("code", {}, "Server-Timing");
        const reason = [];
        if (has(({ name, shown }) => name !== "server-timing" && shown === null)) {
            reason.push("The Fetch API has no trailers. ");
        }
        if (has(({ shown }) => shown === undefined)) {
            reason.push("This browser has no timing entry for the request.");
        } else if (has(({ name, shown }) => name === "server-timing" && shown === null)) {
            reason.push(`${this.#agent} shows `, timing, " only from the header section.");
        } else if (has(({ name, shown }) => name === "server-timing" && shown)) {
            reason.push(timing, " is in ", element("code", {}, "PerformanceResourceTiming"), ".");
        }
        return reason;
    }
}

function trailerLine({ name, value, shown }, tag) {
    if (shown === undefined) {
        return hiddenLine("unknown", name, value, { "data-trailer": name });
    }
    return shown === null
        ? hiddenLine(tag, name, value, { "data-trailer": name })
        : fieldLine(name, shown, { class: "shown", "data-trailer": name });
}
