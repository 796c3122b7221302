"""The JSON API and, later, the pages."""
