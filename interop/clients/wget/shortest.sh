wget -qO - "$1&metadata=body" | sed -n '$ s/.*"processedRows":\([0-9]*\)}}$/\1/p'
