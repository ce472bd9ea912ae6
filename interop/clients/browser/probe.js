// One exchange with a browser's `fetch`, from a page of the same server. ../table/exchange.py defines the result.
async (url, te, trailer) => {
  const options = { cache: 'no-store', headers: {} };
  if (te) options.headers.TE = 'trailers';
  if (trailer) {
    options.method = 'POST';
    options.headers.Trailer = 'x-sum';
    options.body = 'hello';
  }
  performance.clearResourceTimings();
  const chunks = [];
  let trailers = [];
  let status = null;
  let error = null;
  try {
    const response = await fetch(url, options);
    status = response.status;
    const before = new Set(response.headers.keys());
    const reader = response.body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
    // Trailers could be among the header fields, or in a member that drafts of Fetch once had.
    const late = [...response.headers].filter(([name]) => !before.has(name));
    trailers = [...late, ...((await (response.trailers ?? response.trailer)) ?? [])];
    // The entry appears some time after the end.
    for (let i = 0; i < 100 && !performance.getEntriesByName(url).length; i++) {
      await new Promise((resume) => setTimeout(resume, 20));
    }
    for (const { serverTiming } of performance.getEntriesByName(url)) {
      for (const metric of serverTiming) trailers.push(['server-timing', `${metric.name};dur=${metric.duration}`]);
    }
  } catch (failure) {
    error = String(failure);
  }
  const content = await new Blob(chunks).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  const named = [Request, Response, Headers, PerformanceResourceTiming, XMLHttpRequest].flatMap((owner) =>
    Object.getOwnPropertyNames(owner.prototype)
      .filter((name) => /trail/i.test(name))
      .map((name) => `${owner.name}.${name}`));
  return {
    status,
    length: content.byteLength,
    sha256: btoa(String.fromCharCode(...digest)),
    text: new TextDecoder().decode(content.slice(0, 4096)),
    trailers,
    error,
    names: named,
  };
}
