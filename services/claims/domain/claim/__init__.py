"""One loss under one policy, from first notice to the last payment: events, value, and decisions by subject.

`events.py` holds what happens to a claim, `value.py` what a claim is and how it evolves. The decisions are verbs in
the module of their subject: `noticing`, `reserving`, `deciding`, `paying`, `ending`.
"""
