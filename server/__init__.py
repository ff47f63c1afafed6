"""Settings, the Starlette application, authentication, REST, health and metrics."""
