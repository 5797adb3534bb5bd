"""Services of the net as they answer in 2026, on loopback, about an invented world of music."""
