"""What reading costs most is kept from one run to the next, by the content that it was read from.

A cache makes a scan faster and never another one: reports are the same bytes with one, without one, and with a broken
one. It is not to be trusted, though. Whoever can write into its folder can make riskscan believe that files declare
nothing, and no checksum tells, since the writer computes it too: a run whose verdict counts must not restore a folder
that a pull request's job has written. What such a folder cannot do is run code or read files, because entries are
decoded into the types of the model and nothing else (``msgspec``; never ``pickle`` or ``marshal``).
"""
