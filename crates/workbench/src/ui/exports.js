// An export in each of the ways.

import { Exchange, json, send, sleep } from "./stream.js";

const ENCODER = new TextEncoder();

export function target(table, suffix, query) {
    return `/export/${encodeURIComponent(table)}${suffix}?${new URLSearchParams(query)}`;
}

/** The rows only, with the metadata as trailers. */
export function byTrailers(table, query, onChange) {
    return send({ target: target(table, "", { format: "ndjson", ...query }), keep: Infinity }, onChange);
}

/** A JSON document of rows and metadata. */
export function inBody(table, query, onChange) {
    return send({ target: target(table, "", { ...query, metadata: "body" }), keep: Infinity }, onChange);
}

/** The server's status of an export, once it has ended. */
export async function bySecondRequest(id) {
    for (let tries = 1; ; tries += 1) {
        const account = await json(`/exports/${id}`);
        if (account.state !== "running" || tries === 50) {
            return account;
        }
        await sleep(20);
    }
}

/** Server-sent events: the exchange and the last event. */
export function byEvents(table, query, onChange) {
    const exchange = new Exchange({ target: target(table, "/events", query), keep: Infinity });
    const source = new EventSource(exchange.target);
    return new Promise((resolve) => {
        const end = (state, last = null, error = null) => {
            // It would reconnect.
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
            const error = new Error("an EventSource does not report the reason");
            end(exchange.head === null ? "unopened" : "cut", null, error);
        });
    });
}

/** Splits the document of `inBody` into the rows that the checksum covers and the metadata. */
export function parted(text) {
    const [opening, middle] = ['{"data":', ',"metadata":'];
    const at = text.lastIndexOf(middle);
    return {
        rows: text.slice(opening.length, at),
        metadata: JSON.parse(text.slice(at + middle.length, text.lastIndexOf("}"))),
    };
}

/** Converts rows of `format=json` to `format=ndjson`. Line ends in values are escaped, so each one ends a row. */
export function asLines(rows) {
    return rows.replace(/^\[\n/, "").replace(/\]\n$/, "").replaceAll(/,\n/g, "\n");
}

export function rowsIn(lines) {
    return lines.split("\n").length - 1;
}

/** The digest as in `Content-Digest`. */
export async function digest(text) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", ENCODER.encode(text)));
    return `sha-256=:${btoa(String.fromCharCode(...hash))}:`;
}
