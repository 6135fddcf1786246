""" The environment of bin/demo and bin/test.

`bootstrap` and what it imports run on the machine's own Python and use the standard library only;
the commands run in the prepared environment.
"""
