// An export as each of the ways gives it.

import { Exchange, json, send, sleep } from "./stream.js";

const ENCODER = new TextEncoder();

export function target(table, suffix, query) {
    return `/export/${encodeURIComponent(table)}${suffix}?${new URLSearchParams(query)}`;
}

/** The rows as they are, and what only trailers say about them. */
export function byTrailers(table, query, onChange) {
    return send({ target: target(table, "", { format: "ndjson", ...query }), keep: Infinity }, onChange);
}

/** A JSON document of rows and metadata. */
export function inBody(table, query, onChange) {
    return send({ target: target(table, "", { ...query, metadata: "body" }), keep: Infinity }, onChange);
}

/** What the server says of an export, once it has ended. */
export async function bySecondRequest(id) {
    for (let asked = 0; ; asked += 1) {
        const account = await json(`/exports/${id}`);
        if (account.state !== "running" || asked === 50) {
            return account;
        }
        await sleep(20);
    }
}

/** Server-sent events: how the exchange went, and the last event. */
export function byEvents(table, query, onChange) {
    const exchange = new Exchange({ target: target(table, "/events", query), keep: Infinity });
    const source = new EventSource(exchange.target);
    return new Promise((resolve) => {
        const end = (state, last = null, error = null) => {
            // It would ask again.
            source.close();
            exchange.ends(state, error);
            onChange(exchange);
            resolve({ exchange, last });
        };
        source.addEventListener("open", () => {
            exchange.arrived();
            onChange(exchange);
        });
        source.addEventListener("rows", (event) => {
            exchange.took(ENCODER.encode(`${event.data}\n`));
            onChange(exchange);
        });
        source.addEventListener("end", (event) => end("complete", JSON.parse(event.data)));
        source.addEventListener("failed", (event) => end("failed", JSON.parse(event.data)));
        source.addEventListener("error", () => {
            const error = new Error("an EventSource does not say what is wrong");
            end(exchange.head === null ? "unopened" : "cut", null, error);
        });
    });
}

/** The two parts of what `inBody` gives: the rows as their checksum covers them, and the metadata. */
export function parted(text) {
    const [opening, middle] = ['{"data":', ',"metadata":'];
    const at = text.lastIndexOf(middle);
    return {
        rows: text.slice(opening.length, at),
        metadata: JSON.parse(text.slice(at + middle.length, text.lastIndexOf("}"))),
    };
}

/** Rows of `format=json` as `format=ndjson` has them. Line ends within a value are escaped, so each is a row's. */
export function asLines(rows) {
    return rows.replace(/^\[\n/, "").replace(/\]\n$/, "").replaceAll(/,\n/g, "\n");
}

export function rowsIn(lines) {
    return lines.split("\n").length - 1;
}

/** As `Content-Digest` has it. */
export async function digest(text) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", ENCODER.encode(text)));
    return `sha-256=:${btoa(String.fromCharCode(...hash))}:`;
}
