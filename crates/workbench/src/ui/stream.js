// A request whose response is read as it comes.

import { failure } from "./words.js";

// How much of a content is kept where nobody wants all of it.
const KEPT = 16 * 1024;

// How long an entry about a request may take to appear behind its end, and how many are remembered.
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
 * What is known of a request. `state` is `running`, then one of
 *
 * - `complete`: the content came to a good end, whatever the status says;
 * - `cut`: it broke in the middle;
 * - `failed`: it ended well and says itself that it is not whole;
 * - `stopped`: the reader wanted no more;
 * - `unreachable`: there was no response;
 * - `unopened`: it was refused or had no response, and an `EventSource` does not say which.
 *
 * Times are milliseconds from its beginning.
 */
export class Exchange {
    state = "running";
    /** When the header section was there. */
    head = null;
    response = null;
    /** When each chunk came, and its size. */
    chunks = [];
    bytes = 0;
    ended = null;
    error = null;
    /** Its `PerformanceResourceTiming`. */
    entry = null;
    /** The trailers that a script got by any other way than that entry. */
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

    /** The content, or the beginning of it that was kept. */
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

    /** What a problem document (RFC 9457) says, or the status where there is none. */
    async refusal() {
        let said = "";
        if (this.field("content-type")?.startsWith("application/problem+json")) {
            const problem = JSON.parse(await this.text());
            said = `: ${problem.detail}`;
        }
        const wait = this.field("retry-after");
        const again = wait === null ? "" : ` (try again in ${wait} s)`;
        return `${this.response.status}${said}${again}`;
    }

    /** Throws where it was refused or had no response. */
    async answered() {
        if (this.isRefused) {
            throw new Error(`${this.target} is refused with ${await this.refusal()}`);
        }
        if (this.state === "unopened") {
            throw new Error(`${this.target} was refused or has no response (${failure(this.error)})`);
        }
        if (this.state === "unreachable") {
            throw new Error(`${this.target} has no response (${failure(this.error)})`);
        }
    }

    /** All of the content as text. Throws where it did not come to a good end. */
    async whole() {
        await this.answered();
        if (this.state !== "complete") {
            throw new Error(`${this.target} came to no good end: it is ${this.state}`);
        }
        return this.text();
    }

    /** The entry is by URL, and the same URL may have been asked before. */
    async findEntry() {
        const url = new URL(this.target, location.href).href;
        // Its clock may be coarser than ours.
        const isIts = (entry) => entry.name === url && entry.startTime >= this.#began - 2;
        while (this.entry === null && this.elapsed < this.ended + PATIENCE) {
            this.entry = entries.findLast(isIts) ?? null;
            if (this.entry === null) {
                await sleep(10);
            }
        }
    }

    /** Looks wherever trailers would be: behind the header fields, or in a member that drafts of Fetch once had. */
    async findTrailers() {
        if (this.response === null) {
            return;
        }
        const { headers, trailers, trailer } = this.response;
        const late = [...headers].filter(([name]) => !this.#names.has(name));
        // Of a transfer that was cut it may fail or never come.
        const member = Promise.resolve(trailers ?? trailer).catch(() => null);
        this.trailers = new Map([...late, ...await Promise.race([member, sleep(PATIENCE)]) ?? []]);
    }

    get protocol() {
        return { h2: "HTTP/2", "http/1.1": "HTTP/1.1" }[this.entry?.nextHopProtocol] ?? "an unknown protocol";
    }

    /** The timings that came as a trailer and not in the header section, or null where no entry can tell. */
    get serverTiming() {
        return this.field("server-timing") === null ? (this.entry?.serverTiming ?? null) : [];
    }

    /** The trailers that were announced. */
    get announced() {
        return this.field("trailer")?.split(",").map((name) => name.trim()) ?? [];
    }
}

/** Sends a request and reads the response. `onChange` hears of all that happens. */
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

/** A JSON document of this server, or an error that says what it said. */
export async function json(target) {
    const exchange = await send({ target, keep: Infinity, fields: { accept: "application/json" } });
    return JSON.parse(await exchange.whole());
}
