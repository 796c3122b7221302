"""The channels as a guest of another FastAPI application: they answer only what the application does not answer itself."""
