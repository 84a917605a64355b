"""The command line as a module: `python -m spikeloom COMMAND …`."""

from .cli import main

if __name__ == "__main__":
    main()
