// Which trailers of an exchange this page can read.

import { timings } from "./words.js";

/**
 * The trailers that were sent, each with its `name` and `value`, and as `shown` what the page can read of it: text,
 * `null` for nothing, or `undefined` if that is unknown. Trailers that are not in the record but can be read follow.
 */
export function trailersOf(exchange, record) {
    const sent = (record.trailers ?? []).map(([name, value]) => ({ name, value, shown: shown(exchange, name) }));
    const names = new Set(sent.map(({ name }) => name));
    const others = [...exchange.trailers.keys(), "server-timing"]
        .filter((name, n, all) => !names.has(name) && all.indexOf(name) === n)
        .map((name) => ({ name, value: shown(exchange, name), shown: shown(exchange, name) }))
        .filter(({ shown }) => typeof shown === "string");
    return [...sent, ...others];
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
