"""HTTP middlewares and helpers: headers, hosts, body size, JSON size, content negotiation, rate limit."""
