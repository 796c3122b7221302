"""`python -m trinity_channels.cli`, for where the script is not on the path."""

from trinity_channels.cli import main

main()
