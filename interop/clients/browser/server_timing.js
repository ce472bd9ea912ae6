await (await fetch(url)).arrayBuffer();
const [{ serverTiming }] = performance.getEntriesByName(url);
for (const { name, duration } of serverTiming) console.log(name, duration);
