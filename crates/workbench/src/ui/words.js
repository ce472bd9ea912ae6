// Numbers and states for people.

const WHOLE = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export function count(n, one, many = `${one}s`) {
    return `${WHOLE.format(n)} ${n === 1 ? one : many}`;
}

export function bytes(n) {
    return count(n, "byte");
}

export function duration(milliseconds) {
    if (milliseconds < 1000) {
        return `${SHORT.format(milliseconds < 10 ? milliseconds : Math.round(milliseconds))} ms`;
    }
    return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** The states of an exchange, or of a card that shows one. */
export const STATES = {
    none: "Not run yet",
    running: "Running …",
    complete: "Complete",
    cut: "Cut",
    failed: "Failed",
    lies: "Failed; fetch reports success",
    refused: "Refused",
    stopped: "Stopped",
    unopened: "Refused, or no response",
    unreachable: "No response",
};

/** Replaces values that need a `PerformanceResourceTiming`. */
export const UNTOLD = "unknown: this browser has no timing entry for the request";

/** Replaces values of trailers that did not arrive or that the browser does not show. */
export const HIDDEN = "not visible to this page";

/** Formats `serverTiming` entries, or those of a field's value. */
export function timings(entries) {
    return entries
        .map(({ name, duration: took, description }) => {
            const label = description ? `${name} (${description})` : name;
            return took ? `${label} ${duration(took)}` : label;
        })
        .join(", ");
}

/** Parses a `Server-Timing` value as this server writes it. */
export function parsedTimings(value) {
    return value.split(", ").map((metric) => {
        const [name, ...parameters] = metric.split(";");
        const took = parameters.find((parameter) => parameter.startsWith("dur="));
        return { name, duration: took ? Number(took.slice(4)) : 0, description: "" };
    });
}

/** The protocol of a timing entry, or of none. */
export function protocolOf(entry) {
    return { h3: "HTTP/3", h2: "HTTP/2", "http/1.1": "HTTP/1.1" }[entry?.nextHopProtocol] ?? "an unknown protocol";
}

export function failure(error) {
    return `${error.name}: ${error.message}`;
}
