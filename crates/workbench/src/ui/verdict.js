// What an exchange shows, in one sentence.

import { proxyOf } from "./between.js";
import { bytes, count, duration } from "./words.js";

/** `trailers` are those of `trailersOf`. */
export async function verdict(agent, exchange, record, trailers) {
    switch (exchange.state) {
    case "unreachable":
        return "The server does not respond.";
    case "stopped":
        return `You stopped the transfer after ${duration(exchange.ended)}. It had not reached its trailers.`;
    case "cut":
        return `The transfer was cut after ${bytes(exchange.bytes)}. ${agent} reports that to this page.`;
    default:
        return exchange.isRefused
            ? `Refused with ${await exchange.refusal()}`
            : whole(agent, exchange, record, trailers);
    }
}

function whole(agent, exchange, record, trailers) {
    if (record.state === "unknown") {
        return `${agent} received the whole response. ${record.why}`;
    }
    if (record.state === "cut" || record.state === "gone") {
        return `The server’s transfer was cut. ${agent} does not report that to this page.`;
    }
    if (record.state === "running" && record.trailers === null) {
        return `${agent} received the whole response. Its trailers are unknown: the server has not recorded its end.`;
    }
    const proxy = proxyOf(exchange, record);
    if (proxy !== null) {
        return throughProxy(proxy, record, trailers);
    }
    return trailers.length === 0
        ? none(`${agent} received`, "it", record)
        : `${agent} received ${described(trailers.length, record)}${visible(trailers)}`;
}

/** What arrived at the proxy need not have arrived here. */
function throughProxy(proxy, record, trailers) {
    if (record.trailers === null) {
        return `${none("The server sent", "the proxy", record)} ${proxy}.`;
    }
    const sent = described(record.trailers.length, record);
    const arrived = `it is unknown how many arrived; this page can read ${readable(trailers)}`;
    return `The server sent ${sent}. ${proxy}, so ${arrived}.`;
}

function described(n, { state, truncated }) {
    const failure = state === "failed" ? ` that ${n === 1 ? "reports" : "report"} a failure` : "";
    return `${truncated ? "at least " : ""}${count(n, "trailer")}${failure}`;
}

function none(who, client, { protocol, withheld }) {
    if (withheld === null) {
        return "This response has no trailers.";
    }
    return withheld.includes("TE: trailers")
        ? `${who} no trailers, because ${client} does not send TE: trailers over ${protocol}.`
        : `${who} no trailers. The server withheld them: ${withheld.replaceAll("`", "")}.`;
}

function readable(trailers) {
    return trailers.filter(({ shown }) => typeof shown === "string").length;
}

function visible(trailers) {
    if (trailers.some(({ shown }) => shown === undefined)) {
        return ". Whether it shows this page Server-Timing is unknown.";
    }
    const shown = readable(trailers);
    if (trailers.length === 1) {
        return shown === 1 ? " and shows it to this page." : " and does not show it to this page.";
    }
    const some = { 0: "none", [trailers.length]: "all" }[shown] ?? shown;
    return ` and shows this page ${some} of them.`;
}
