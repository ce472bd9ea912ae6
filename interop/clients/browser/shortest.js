const response = await fetch(url + '&metadata=body');
const { metadata } = await response.json();
console.log(metadata.processedRows);
