// What the server sent for a request, by `GET /seen/{id}`.

import { json, sleep } from "./stream.js";

// In milliseconds.
const LIVE = 250;
const PAUSE = 20;

// After a response has ended for the client, the server may need a moment to notice.
const TRIES = 50;

async function record(exchange) {
    const id = exchange.field("x-request-id");
    return id === null ? null : json(`/seen/${encodeURIComponent(id)}`).catch(() => null);
}

/** The record of an exchange that has ended, or `null` if the server has none. */
export async function finalRecord(exchange) {
    for (let tries = 1; ; tries += 1) {
        const found = await record(exchange);
        if (found?.state !== "running" || tries === TRIES) {
            return found;
        }
        await sleep(PAUSE);
    }
}

/** Passes on what the server has sent so far, until the exchange ends. */
export async function follow(exchange, onRecord) {
    await sleep(LIVE);
    while (exchange.state === "running") {
        const found = await record(exchange);
        if (found !== null && exchange.state === "running") {
            onRecord(found);
        }
        await sleep(LIVE);
    }
}
