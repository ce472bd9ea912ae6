import sys

import httpx

print(httpx.get(sys.argv[1] + "&metadata=body").json()["metadata"]["processedRows"])
