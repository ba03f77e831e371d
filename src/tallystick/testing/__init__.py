"""TRIED: small worlds in memory, for our tests and for yours.

Law: what a world answers is what a replica would answer about the same events.

Reads: policy. Read by: tests.
"""
