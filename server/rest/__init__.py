"""REST endpoints for training jobs and version files, and their OpenAPI description."""
