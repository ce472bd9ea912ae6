// Whether a proxy is between this browser and the server. Then the server's record is not what this browser received.

/**
 * A description of the proxy, or `null` if there is no sign of one. Signs are another protocol on the other side of it
 * and fields that the server did not send.
 */
export function proxyOf(exchange, record) {
    if (exchange.response === null || record.state === "unknown") {
        return null;
    }
    const sent = new Set(["date", ...record.fields.map(([name]) => name)]);
    // Firefox itself adds `x-firefox-spdy`.
    const isAdded = (name) => !sent.has(name) && !name.startsWith("x-firefox-");
    const added = record.truncated ? [] : [...exchange.response.headers.keys()].filter(isAdded);
    const isTranslated = exchange.entry !== null && exchange.protocol !== record.protocol;
    if (!isTranslated && added.length === 0) {
        return null;
    }
    return isTranslated
        ? `A proxy is between (${record.protocol} to the server, ${exchange.protocol} to this browser)`
        : `A proxy is between (it added ${added.join(", ")})`;
}
