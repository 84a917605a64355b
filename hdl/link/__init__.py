"""The gateware of the link: UART, frames, and the commands inside them (docs/reference/link.md)."""
