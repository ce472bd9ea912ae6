"""The figures of several works."""

from work import Metric

RATE = Metric("requests_per_second", "requests/s")
P99 = Metric("p99_microseconds", "p99, µs", less_is_better=True)
SPEED = Metric("gb_per_second", "GB/s")
CPU = Metric("cpu_seconds_per_gb", "CPU s/GB", less_is_better=True)
DELAYS = (
    Metric("p50_us", "p50, µs", less_is_better=True),
    Metric("p99_us", "p99, µs", less_is_better=True),
)
CONNECTIONS = Metric("per_second", "connections/s")
