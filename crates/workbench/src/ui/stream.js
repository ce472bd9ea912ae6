// A request whose response is read while it arrives.

import { failure, protocolOf } from "./words.js";

// How much content is kept unless the caller needs all of it.
const KEPT = 16 * 1024;

// How long a request's entry may be delayed after its end, in milliseconds, and how many entries are kept.
const PATIENCE = 1000;
const SEEN = 256;

const entries = [];
new PerformanceObserver((list) => {
    entries.push(...list.getEntries());
    entries.splice(0, entries.length - SEEN);
}).observe({ type: "resource" });

export function sleep(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * A request and its response. `state` is `running`, then one of
 *
 * - `complete`: the content ended normally, whatever the status is;
 * - `cut`: it ended early;
 * - `failed`: it ended normally and reports that it is not whole;
 * - `stopped`: the reader stopped;
 * - `unreachable`: there was no response;
 * - `unopened`: it was refused or had no response; an `EventSource` does not reveal which.
 *
 * Times are in milliseconds since the request.
 */
export class Exchange {
    state = "running";
    /** When the header section arrived. */
    head = null;
    response = null;
    /** When each chunk arrived, and its size. */
    chunks = [];
    bytes = 0;
    ended = null;
    error = null;
    /** Its `PerformanceResourceTiming`. */
    entry = null;
    /** Trailers that a script can read by any other way than `entry`. */
    trailers = new Map();
    #names = new Set();
    #kept = [];
    #room;
    #began = performance.now();

    constructor({ method = "GET", target, keep = KEPT }) {
        this.method = method;
        this.target = target;
        this.#room = keep;
    }

    get elapsed() {
        return performance.now() - this.#began;
    }

    arrived(response = null) {
        this.head = this.elapsed;
        this.response = response;
        this.#names = new Set(response?.headers.keys());
    }

    took(chunk) {
        this.chunks.push({ at: this.elapsed, size: chunk.length });
        this.bytes += chunk.length;
        if (this.#room > 0) {
            this.#kept.push(chunk.subarray(0, this.#room));
            this.#room -= chunk.length;
        }
    }

    ends(state, error = null) {
        this.ended = this.elapsed;
        this.state = state;
        this.error = error;
    }

    /** The content, or the beginning that was kept. */
    async content() {
        return new Uint8Array(await new Blob(this.#kept).arrayBuffer());
    }

    async text() {
        return new TextDecoder().decode(await this.content());
    }

    get isRefused() {
        return this.response !== null && !this.response.ok;
    }

    field(name) {
        return this.response?.headers.get(name) ?? null;
    }

    /** The status, with the detail of a problem document (RFC 9457) if there is one. */
    async refusal() {
        let detail = "";
        if (this.field("content-type")?.startsWith("application/problem+json")) {
            const problem = JSON.parse(await this.text());
            detail = `: ${problem.detail}`;
        }
        const wait = this.field("retry-after");
        const again = wait === null ? "" : ` (try again in ${wait} s)`;
        return `${this.response.status}${detail}${again}`;
    }

    /** Throws if the request was refused or had no response. */
    async answered() {
        if (this.isRefused) {
            throw new Error(`${this.target} was refused with ${await this.refusal()}`);
        }
        if (this.state === "unopened") {
            throw new Error(`${this.target} was refused or had no response (${failure(this.error)})`);
        }
        if (this.state === "unreachable") {
            throw new Error(`${this.target} had no response (${failure(this.error)})`);
        }
    }

    /** All of the content as text. Throws unless it ended normally. */
    async whole() {
        await this.answered();
        if (this.state !== "complete") {
            throw new Error(`${this.target} did not complete: its state is ${this.state}`);
        }
        return this.text();
    }

    /** Entries are found by URL, and the same URL may have been requested before. */
    async findEntry() {
        const url = new URL(this.target, location.href).href;
        // The entries' clock may be coarser than this one.
        const isIts = (entry) => entry.name === url && entry.startTime >= this.#began - 2;
        while (this.entry === null && this.elapsed < this.ended + PATIENCE) {
            this.entry = entries.findLast(isIts) ?? null;
            if (this.entry === null) {
                await sleep(10);
            }
        }
    }

    /** Looks where trailers could be: after the header fields, or in a member that drafts of Fetch once had. */
    async findTrailers() {
        if (this.response === null) {
            return;
        }
        const { headers, trailers, trailer } = this.response;
        const late = [...headers].filter(([name]) => !this.#names.has(name));
        // After a cut transfer it may reject or never settle.
        const member = Promise.resolve(trailers ?? trailer).catch(() => null);
        this.trailers = new Map([...late, ...await Promise.race([member, sleep(PATIENCE)]) ?? []]);
    }

    get protocol() {
        return protocolOf(this.entry);
    }

    /** The timings in a trailer but not in the header section, or null if there is no entry. */
    get serverTiming() {
        return this.field("server-timing") === null ? (this.entry?.serverTiming ?? null) : [];
    }

    /** The trailers that were announced. */
    get announced() {
        return this.field("trailer")?.split(",").map((name) => name.trim()) ?? [];
    }
}

/** Sends a request and reads the response. Calls `onChange` after each change. */
export async function send(request, onChange = () => {}) {
    const { fields = {}, content = null, signal = null } = request;
    const exchange = new Exchange(request);
    try {
        const { method, target } = exchange;
        const response = await fetch(target, { method, headers: fields, body: content, signal, cache: "no-store" });
        exchange.arrived(response);
        onChange(exchange);
        const reader = response.body?.getReader();
        while (reader) {
            const { done, value } = await reader.read();
            if (done) {
                break;
            }
            exchange.took(value);
            onChange(exchange);
        }
        exchange.ends("complete");
    } catch (error) {
        exchange.ends(signal?.aborted ? "stopped" : exchange.head === null ? "unreachable" : "cut", error);
    }
    onChange(exchange);
    await exchange.findTrailers();
    await exchange.findEntry();
    return exchange;
}

/** Fetches a JSON document of this server. Throws an error with the server's detail. */
export async function json(target) {
    const exchange = await send({ target, keep: Infinity, fields: { accept: "application/json" } });
    return JSON.parse(await exchange.whole());
}
