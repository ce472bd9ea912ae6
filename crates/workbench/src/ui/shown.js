// Which trailers of an exchange this page can read.

import { timings } from "./words.js";

/**
 * The trailers that were sent, each with its `name` and `value`, and as `shown` what the page can read of it: text,
 * `null` for nothing, or `undefined` if that is unknown.
 */
export function trailersOf(exchange, record) {
    return (record?.trailers ?? []).map(([name, value]) => ({ name, value, shown: shown(exchange, name) }));
}

function shown(exchange, name) {
    if (exchange.trailers.has(name)) {
        return exchange.trailers.get(name);
    }
    if (name !== "server-timing") {
        return null;
    }
    const timing = exchange.serverTiming;
    if (timing === null) {
        return undefined;
    }
    return timing.length > 0 ? timings(timing) : null;
}
