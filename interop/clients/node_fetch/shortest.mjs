const response = await fetch(process.argv[2] + '&metadata=body');
const { metadata } = await response.json();
console.log(metadata.processedRows);
