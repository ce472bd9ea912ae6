// Names for people: of routes' parameters and of their values.

const LABELS = {
    break: "Break the response",
    break_at: "Break at",
    chunk: "Chunk size (bytes)",
    columns: "Columns",
    content: "Content",
    delay: "Delay (ms)",
    fail: "How the failure is reported",
    fail_at: "Fail at row",
    format: "Format",
    id: "Id",
    length: "Content-Length",
    limit: "Rows",
    metadata: "Metadata",
    n: "Bytes",
    name: "File name",
    path: "Path",
    prompt: "Prompt",
    query: "Query",
    seed: "Seed",
    table: "Table",
    trailers: "Trailers",
    words: "Words",
};

const VALUES = {
    "": "default",
    body: "in the body",
    csv: "CSV",
    json: "JSON",
    ndjson: "NDJSON",
    reset: "cut transfer",
    trailer: "trailers",
};

/** Parameters that need no unfolding. */
export const COMMON = new Set(["chunk", "delay", "fail", "fail_at", "format", "limit", "prompt", "words"]);

export function labelOf(name) {
    return LABELS[name] ?? name;
}

export function valueOf(value) {
    return VALUES[value] ?? value;
}
