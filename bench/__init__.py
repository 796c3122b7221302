"""What the host is fast enough for, measured: `python -m bench`. A report, never a test: machines differ."""
