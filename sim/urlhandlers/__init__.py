"""Handlers that pyserial's `serial_for_url` finds: one module `protocol_<scheme>` for each scheme."""

__all__ = ["protocol_twin"]
