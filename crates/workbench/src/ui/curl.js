// The request as a curl command, which shows all trailers.

import { byId } from "./dom.js";

/** Over HTTP/1.1, `--raw` shows the chunks, and the server sends trailers only to requests with `TE: trailers`. */
export function curlLine({ method, target, fields, content }, isHttp1 = false) {
    const words = ["curl -v -k --no-buffer"];
    if (isHttp1) {
        words.push("--http1.1 -H 'TE: trailers' --raw");
    }
    if (method !== (content === null ? "GET" : "POST")) {
        words.push(`-X ${method}`);
    }
    // curl would expand them.
    if (/[[\]{}]/.test(target)) {
        words.push("--globoff");
    }
    for (const [name, value] of Object.entries(fields)) {
        words.push(`-H ${quoted(`${name}: ${value}`)}`);
    }
    if (content !== null) {
        words.push(`--data-raw ${quoted(content)}`);
    }
    return [...words, quoted(new URL(target, location.origin).href)].join(" ");
}

/** In single quotes, a shell interprets nothing but their end. */
function quoted(text) {
    return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Copies the command of the current request, and shows it. */
export function offerCurl(request) {
    for (const [id, isHttp1] of [["curl", false], ["curl-http1", true]]) {
        byId(id).addEventListener("click", async () => {
            const line = curlLine(request(), isHttp1);
            byId("copied").hidden = false;
            byId("copied-line").textContent = line;
            byId("copied-note").textContent = await copied(line)
                ? "Copied:"
                : "This browser did not permit copying. The command is:";
        });
    }
}

async function copied(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false;
    }
}
