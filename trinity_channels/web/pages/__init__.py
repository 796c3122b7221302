"""The pages of owners and operators: rendered here, over the same services as the API. `docs/explanation/pages.md`."""
