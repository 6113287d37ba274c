"""The encrypted store of one desk: key slots, ledger, roster, views. The only place on the desk with SQL (DESIGN 6)."""
