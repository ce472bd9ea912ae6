import json
import sys
from urllib.request import urlopen

with urlopen(sys.argv[1] + "&metadata=body") as response:
    print(json.load(response)["metadata"]["processedRows"])
