// What the server sent for a request, by `GET /seen/{id}`.

import { sleep } from "./stream.js";
import { failure } from "./words.js";

// In milliseconds.
const LIVE = 250;
const PAUSE = 20;

// After a response has ended for the client, the server may need a moment to notice.
const TRIES = 50;

/** Stands for a record that cannot be read. `why` is a sentence. */
function unknown(why) {
    return { state: "unknown", why, fields: [], trailers: null };
}

/** By a plain `fetch`: a record is polled, and its trailers and timings do not matter. */
async function record(exchange) {
    const id = exchange.field("x-request-id");
    if (id === null) {
        return unknown("Without an X-Request-Id the server’s record cannot be found.");
    }
    try {
        const response = await fetch(`/seen/${encodeURIComponent(id)}`, { cache: "no-store" });
        if (response.ok) {
            return await response.json();
        }
        return unknown(response.status === 404
            ? "The server has no record of this request."
            : `The server’s record cannot be read: status ${response.status}.`);
    } catch (error) {
        return unknown(`The server’s record cannot be read: ${failure(error)}.`);
    }
}

/** The record of an exchange that has ended. Its state is `running` if the server has not noticed the end. */
export async function finalRecord(exchange) {
    for (let tries = 1; ; tries += 1) {
        const found = await record(exchange);
        if (found.state !== "running" || tries === TRIES) {
            return found;
        }
        await sleep(PAUSE);
    }
}

/** Whether the server did not send all that it should have. */
export function isFailed({ state }) {
    return ["failed", "cut", "gone"].includes(state);
}

/** Passes on what the server has sent so far, until the exchange ends. */
export async function follow(exchange, onRecord) {
    await sleep(LIVE);
    while (exchange.state === "running") {
        const found = await record(exchange);
        if (found.state !== "unknown" && exchange.state === "running") {
            onRecord(found);
        }
        await sleep(LIVE);
    }
}
