// What an exchange shows, in one sentence.

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
        return exchange.isRefused ? `Refused with ${await exchange.refusal()}` : whole(agent, record, trailers);
    }
}

function whole(agent, record, trailers) {
    if (record === null) {
        return `${agent} received the whole response. The server has no record of what it sent.`;
    }
    if (trailers.length === 0) {
        return none(agent, record);
    }
    const failure = record.state === "failed" ? ` that ${trailers.length === 1 ? "reports" : "report"} a failure` : "";
    return `${agent} received ${count(trailers.length, "trailer")}${failure}${visible(trailers)}`;
}

function none(agent, { protocol, withheld }) {
    if (withheld === null) {
        return "This response has no trailers.";
    }
    return withheld.includes("TE: trailers")
        ? `${agent} received no trailers, because it does not send TE: trailers over ${protocol}.`
        : `${agent} received no trailers. The server withheld them: ${withheld.replaceAll("`", "")}.`;
}

function visible(trailers) {
    if (trailers.some(({ shown }) => shown === undefined)) {
        return ". Whether it shows this page Server-Timing is unknown.";
    }
    const shown = trailers.filter((trailer) => trailer.shown !== null).length;
    if (trailers.length === 1) {
        return shown === 1 ? " and shows it to this page." : " and does not show it to this page.";
    }
    const some = { 0: "none", [trailers.length]: "all" }[shown] ?? shown;
    return ` and shows this page ${some} of them.`;
}
