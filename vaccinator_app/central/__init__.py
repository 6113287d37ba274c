"""The reference central server: booking, roster, intake, adjudication, SMS (DESIGN 8).

It exists so that the desk is real end to end and so that a ministry can start from it. Requests are handled by plain
classes over a ``Database``, the keys and a clock; HTTP (``app``) and TLS (``server``) are thin layers on top.
"""
